import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answerNames } from "./canary-names.ts";

/**
 * `canary-network.ts DIRECTORY MODE POLICY UID`, run in a network and a mount namespace of its own, which end with it.
 * Puts canary servers on all addresses that a build must not reach and on one that stands for the public internet,
 * starts `network-attack.ts` beside them, and prints a `NetworkReport`. The namespace has no interface but its own
 * loopback: no packet can leave the machine, with a wall or without.
 */
export interface NetworkReport {
  /** What was connected to, each once: an address, `path` or `abstract`. */
  hits: string[];
  refusedHosts: string[];
  /** What the attack printed. */
  text: string;
}

/** A host of a private network, the cloud's metadata, and a public address that the machine itself has. */
const OWN = { lan: "10.99.88.77", metadata: "169.254.169.254", own: "93.184.215.15" };
/** In the place of the internet: led to this namespace by a route, and no address of an interface. */
const PUBLIC = "93.184.215.14";
const ADDRESSES = { ...OWN, public: PUBLIC };
const PORTS = [80, 443];

const [directory, mode, policy, uid] = process.argv.slice(2) as [string, string, string, string];

await run(["ip", "link", "set", "lo", "up"]);
for (const address of Object.values(OWN)) await run(["ip", "address", "add", `${address}/32`, "dev", "lo"]);
await run(["ip", "route", "add", "local", `${PUBLIC}/32`, "dev", "lo"]);
await takeNames();
const hits = new Set<string>();
for (const [name, hostname] of Object.entries({ ...ADDRESSES, loopback: "127.0.0.1", loopback6: "::1" })) {
  for (const port of PORTS) Bun.listen({ hostname, port, socket: counted(name) });
}
const folder = join(directory, `canary-${mode}-${policy}`);
await mkdir(folder);
const socketPath = join(folder, "socket");
Bun.listen({ unix: socketPath, socket: counted("path") });
Bun.listen({ unix: "\0berth-canary", socket: counted("abstract") });
for (const path of [folder, socketPath]) await chmod(path, 0o777);
const { refusedHosts, text } = JSON.parse(await attack()) as Omit<NetworkReport, "hits">;
console.log(JSON.stringify({ hits: [...hits].sort(), refusedHosts, text } satisfies NetworkReport));
process.exit(0);

function counted(name: string): Bun.SocketHandler {
  return {
    open: (socket) => {
      hits.add(name);
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nCANARY");
    },
    data: (socket) => void socket.end(),
  };
}

/** This mount namespace's own `resolv.conf` leads to a name server in this process. */
async function takeNames(): Promise<void> {
  await answerNames({
    "public.example": [[ADDRESSES.public]],
    "metadata.example": [[ADDRESSES.metadata]],
    "lan.example": [[ADDRESSES.lan]],
    "own.example": [[ADDRESSES.own]],
    "both.example": [[ADDRESSES.public, "127.0.0.1"]],
    // Another answer each time.
    "rebinding.example": [[ADDRESSES.public], ["127.0.0.1"], [ADDRESSES.metadata]],
  });
  const file = join(directory, `resolv.conf.${mode}.${policy}`);
  await writeFile(file, "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n");
  await chmod(file, 0o644);
  await run(["mount", "--bind", file, "/etc/resolv.conf"]);
}

/** As the user that the test runs as: who is not root is root only of the namespaces that were made here. */
async function attack(): Promise<string> {
  const asUser = uid === "0" ? [] : ["unshare", "--user", `--map-user=${uid}`, `--map-group=${uid}`];
  const program = join(import.meta.dir, "network-attack.ts");
  return await run([...asUser, process.execPath, program, directory, mode, policy, socketPath]);
}

async function run(command: string[]): Promise<string> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, error, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}:\n${out}${error}`);
  return out;
}
