import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientHello } from "../../test/support/client-hello.ts";
import { type Egress, type EgressOptions, openEgress } from "./egress.ts";

let folder: string;
let egress: Egress | undefined;
const servers: { stop(closeAll?: boolean): void }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-egress-"));
});
afterEach(async () => {
  await egress?.close();
  for (const server of servers.splice(0)) server.stop(true);
  await rm(folder, { recursive: true, force: true });
});

const socket = () => join(folder, "s");
async function open(options: Partial<EgressOptions>): Promise<Egress> {
  egress = await openEgress({ socket: socket(), policy: "public", registries: [], ...options });
  return egress;
}

const refusedHosts = () =>
  egress!
    .contacted()
    .filter(({ refused }) => refused)
    .map(({ host }) => host);

/** Sends the head, then the body once the head of the answer is there; gives all that came until the end. */
function talk(head: string, body?: Uint8Array): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const received: Buffer[] = [];
  let left = body;
  const send = (to: { write(bytes: Uint8Array): number }) => {
    if (left) left = left.subarray(to.write(left));
  };
  void Bun.connect({
    unix: socket(),
    socket: {
      open: (to) => void to.write(`${head}\r\n\r\n`),
      data(to, bytes) {
        const first = received.length === 0;
        received.push(Buffer.from(bytes));
        if (first) send(to);
      },
      drain: send,
      close: () => resolve(Buffer.concat(received)),
    },
  });
  return promise;
}

/** Sends back what it gets, and hangs up after `bytes`. */
function echo(bytes: number): number {
  const server = Bun.listen<{ left: number; pending: Buffer[] }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(peer) {
        peer.data = { left: bytes, pending: [] };
      },
      data(peer, chunk) {
        peer.data.pending.push(Buffer.from(chunk));
        flush(peer);
      },
      drain: flush,
    },
  });
  servers.push(server);
  return server.port;
}

function flush(peer: Bun.Socket<{ left: number; pending: Buffer[] }>): void {
  const all = Buffer.concat(peer.data.pending);
  const written = all.length === 0 ? 0 : peer.write(all);
  peer.data.pending = [all.subarray(written)];
  peer.data.left -= written;
  if (peer.data.left <= 0) peer.end();
}

const registry = (port: number, plain = false) => ({ host: "registry.test", port, plain });
const loopback = async () => ["127.0.0.1"];

test("a registry on a loopback address is reached, with all its bytes and their order", async () => {
  const body = Buffer.alloc(8 * 1024 * 1024);
  for (let index = 0; index < body.length; index += 4) body.writeUInt32LE(index, index);
  const port = echo(body.length);
  await open({ policy: "registry", registries: [registry(port, true)], resolve: loopback });
  const answer = await talk(`CONNECT registry.test:${port} HTTP/1.1`, body);
  const end = answer.indexOf("\r\n\r\n") + 4;
  expect(answer.toString("latin1", 0, end)).toBe("HTTP/1.1 200 Connection Established\r\n\r\n");
  expect(Bun.hash(answer.subarray(end))).toBe(Bun.hash(body));
  expect(egress!.contacted()).toEqual([
    { host: "registry.test", port, sentBytes: body.length, receivedBytes: body.length, refused: false },
  ]);
});

test("a tunnel to a registry is for TLS with that registry: another name inside reaches nobody", async () => {
  const greeting = await clientHello("registry.test");
  const port = echo(greeting.length);
  for (const policy of ["registry", "public"] as const) {
    await open({ policy, registries: [registry(port)], resolve: loopback });
    const tunnel = `CONNECT registry.test:${port} HTTP/1.1`;
    expect((await talk(tunnel, greeting)).subarray(-greeting.length)).toEqual(greeting);
    const others = [await clientHello("elsewhere.test"), await clientHello(undefined), Buffer.from("GET / HTTP/1.1")];
    for (const other of others) {
      expect((await talk(tunnel, other)).toString("latin1")).toBe("HTTP/1.1 200 Connection Established\r\n\r\n");
      expect((await talk(`${tunnel}\r\n\r\n${other.toString("latin1")}`)).length).toBeLessThan(100);
    }
    const { length } = greeting;
    expect(egress!.contacted()).toEqual([
      { host: "registry.test", port, sentBytes: length, receivedBytes: length, refused: true },
      { host: "elsewhere.test", port, sentBytes: 0, receivedBytes: 0, refused: true },
    ]);
    await egress!.close();
  }
});

test("a name that resolves to this machine's own public address is refused", async () => {
  await open({ resolve: async () => ["93.184.216.34"], own: () => ["127.0.0.1", "93.184.216.34"] });
  expect((await talk("CONNECT own.test:443 HTTP/1.1")).toString()).toStartWith("HTTP/1.1 403 ");
  expect(refusedHosts()).toEqual(["own.test"]);
});

test("a name that resolves to a private address is refused and told", async () => {
  const asked: string[] = [];
  await open({
    resolve: async (host) => {
      asked.push(host);
      return ["93.184.216.34", "169.254.169.254"];
    },
  });
  for (const host of ["rebind.test", "rebind.test", "other.test"]) {
    expect((await talk(`CONNECT ${host}:443 HTTP/1.1`)).toString()).toStartWith("HTTP/1.1 403 ");
  }
  expect(refusedHosts()).toEqual(["rebind.test", "other.test"]);
  expect(egress!.contacted()[0]).toEqual({
    ...{ host: "rebind.test", port: 443, sentBytes: 0, receivedBytes: 0, refused: true },
  });
  expect(asked).toEqual(["rebind.test", "rebind.test", "other.test"]);
});

test("an address in a name's place is refused before anything is asked", async () => {
  await open({ resolve: () => Promise.reject(new Error("asked")) });
  expect((await talk("CONNECT 127.0.0.1:443 HTTP/1.1")).toString()).toStartWith("HTTP/1.1 403 ");
  expect(refusedHosts()).toEqual(["127.0.0.1"]);
});

test("plain http reaches a registry that is configured so", async () => {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => new Response(new URL(request.url).pathname),
  });
  servers.push(server);
  await open({ policy: "registry", registries: [registry(server.port!, true)], resolve: loopback });
  const url = `http://registry.test:${server.port}/package`;
  const answer = (await talk(`GET ${url} HTTP/1.1\r\nHost: registry.test`)).toString();
  expect(answer).toStartWith("HTTP/1.1 200 OK");
  expect(answer).toEndWith("/package");
});

test("https that is asked for without a tunnel is refused by its host's name", async () => {
  await open({ policy: "registry" });
  const answer = await talk("GET https://Data.test/a HTTP/1.1\r\nHost: data.test");
  expect(answer.toString()).toStartWith("HTTP/1.1 403 ");
  expect(refusedHosts()).toEqual(["data.test"]);
});

test("https that is asked for without a tunnel gets the proxy's TLS, which wants the host's own certificate", async () => {
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-subj", "/CN=data.test", "-addext", "subjectAltName=DNS:data.test", "-days", "1"];
  Bun.spawnSync([...made, ...names, "-keyout", key, "-out", certificate]);
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, tls: { key: Bun.file(key), cert: Bun.file(certificate) } },
    fetch: (request) => new Response(`${request.headers.get("host")} ${new URL(request.url).pathname}`),
  });
  servers.push(server);
  // What is trusted is read when a process starts.
  const asked = async (host: string) => {
    const code = `import { openEgress } from ${JSON.stringify(join(import.meta.dir, "egress.ts"))};
      const registries = [{ host: ${JSON.stringify(host)}, port: ${server.port}, plain: false }];
      const resolve = async () => ["127.0.0.1"];
      const socket = ${JSON.stringify(join(folder, host))};
      const egress = await openEgress({ socket, policy: "registry", registries, resolve });
      const head = "GET https://${host}:${server.port}/a HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n";
      await new Promise((done) => Bun.connect({ unix: socket, socket: {
        open: (to) => void to.write(head), data: (_, bytes) => void process.stdout.write(bytes), close: done } }));
      await egress.close();`;
    const env = { ...Bun.env, NODE_EXTRA_CA_CERTS: certificate };
    return await new Response(Bun.spawn([process.execPath, "-e", code], { env }).stdout).text();
  };
  expect(await asked("data.test")).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*data\.test:\d+ \/a$/);
  expect(await asked("other.test")).toStartWith("HTTP/1.1 502 ");
});

test("an unknown name and a closed port are no refusals", async () => {
  const port = echo(1);
  servers.pop()!.stop(true);
  await open({
    registries: [registry(port)],
    resolve: (host) => (host === "registry.test" ? loopback() : Promise.reject(new Error("unknown"))),
  });
  expect((await talk("CONNECT unknown.test:443 HTTP/1.1")).toString()).toStartWith("HTTP/1.1 502 ");
  expect((await talk(`CONNECT registry.test:${port} HTTP/1.1`)).toString()).toStartWith("HTTP/1.1 502 ");
  expect(refusedHosts()).toEqual([]);
});

test("what is no proxy request ends with an error", async () => {
  await open({});
  expect((await talk("GET / HTTP/1.1")).toString()).toStartWith("HTTP/1.1 400 ");
  expect((await talk("x".repeat(20_000))).toString()).toStartWith("HTTP/1.1 431 ");
});

test("the cap on bytes ends a connection", async () => {
  const port = echo(Number.POSITIVE_INFINITY);
  await open({ registries: [registry(port, true)], resolve: loopback, limits: { bytes: 100_000 } });
  const answer = await talk(`CONNECT registry.test:${port} HTTP/1.1`, Buffer.alloc(1_000_000));
  expect(answer.length).toBeLessThan(101_000);
});

test("the socket is its owner's alone and goes with the proxy", async () => {
  const opened = await open({});
  expect((await stat(socket())).mode & 0o777).toBe(0o600);
  await opened.close();
  egress = undefined;
  expect(stat(socket())).rejects.toThrow();
});

test("a registry behind a socket is reached by its name, and its name alone", async () => {
  const server = Bun.serve({ unix: join(folder, "registry"), fetch: () => new Response("packages") });
  servers.push(server);
  const behind = { ...registry(24873, true), socket: join(folder, "registry") };
  await open({
    policy: "registry",
    registries: [behind],
    resolve: async () => {
      throw new Error("its name is never resolved");
    },
  });
  const head = "GET http://registry.test:24873/a HTTP/1.1\r\nHost: registry.test";
  expect((await talk(head)).toString()).toContain("packages");
  expect((await talk("CONNECT registry.test:24874 HTTP/1.1")).toString()).toContain("403");
  server.stop(true);
  expect((await talk(head)).toString()).toContain("502");
});
