import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment } from "../../src/environment.ts";
import { freePort } from "./process.ts";

export interface SshServer {
  port: number;
  /** The one who may log in: who runs the test. */
  user: string;
  /** Files of ssh's configuration with the key that the server accepts, and with one that it refuses. */
  accepted: string;
  refused: string;
  /** Where a client by those files keeps what it knows. */
  knownHosts: string;
  stop(): Promise<void>;
}

/** An OpenSSH server on loopback that lets the current user in by one key. Its files are in a temporary folder. */
export async function startSshServer(): Promise<SshServer> {
  const folder = await mkdtemp(join(tmpdir(), "berth-sshd-"));
  const port = await freePort();
  for (const name of ["host", "good", "bad"]) await makeKey(join(folder, name));
  await writeFile(join(folder, "authorized"), await Bun.file(join(folder, "good.pub")).text());
  await chmod(join(folder, "authorized"), 0o600);
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${join(folder, "host")}`,
    `AuthorizedKeysFile ${join(folder, "authorized")}`,
    "PidFile none",
    "UsePAM no",
    "StrictModes no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
  ];
  await writeFile(join(folder, "sshd_config"), `${config.join("\n")}\n`);
  // Privilege separation needs the folder, which a boot script of the distribution makes.
  if (environment.isRoot) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const child = Bun.spawn(["/usr/sbin/sshd", "-D", "-e", "-f", join(folder, "sshd_config")], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  const knownHosts = join(folder, "known_hosts");
  for (const key of ["good", "bad"]) {
    const lines = [`Port ${port}`, `IdentityFile ${join(folder, key)}`, "IdentityAgent none", "IdentitiesOnly yes"];
    await writeFile(join(folder, `${key}.config`), [...lines, `UserKnownHostsFile ${knownHosts}`, ""].join("\n"));
  }
  const stop = async () => {
    child.kill();
    await child.exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await listening(port, () => child.exitCode !== null);
  } catch (error) {
    await stop();
    throw error;
  }
  const user = (await new Response(Bun.spawn(["id", "-un"], { stdin: "ignore" }).stdout).text()).trim();
  const client = { accepted: join(folder, "good.config"), refused: join(folder, "bad.config"), knownHosts };
  return { port, user, ...client, stop };
}

async function makeKey(path: string): Promise<void> {
  const child = Bun.spawn(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], { stdin: "ignore" });
  if ((await child.exited) !== 0) throw new Error("ssh-keygen failed");
}

/** Tries until the port answers; the server says nothing by itself when it is ready. */
async function listening(port: number, hasEnded: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await answers(port))) {
    if (hasEnded() || Date.now() > deadline) throw new Error("sshd did not start");
    await Bun.sleep(20);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => socket.destroy());
    socket.once("close", (hadError) => resolve(!hadError));
    socket.once("error", () => resolve(false));
  });
}
