import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProxy, type ProxyDecision, type ProxyOptions, type ProxyVisit } from "./proxy.ts";

const limits = {
  silenceMs: 5_000,
  totalMs: 10_000,
  responseBytes: 1_000_000,
  requestBytes: 100_000,
  inFlight: 8,
  bufferedBytes: 1_000_000,
};
const VISIT: ProxyVisit = { host: "site.localhost", isIndexed: true, withoutAuthorization: false };

/** A site in front of a server, both real; what the server got is kept. */
let origin: Bun.Server<undefined>;
let site: Bun.Server<undefined>;
let answer: (request: Request) => Response | Promise<Response>;
let got: { url: string; method: string; headers: Headers; body: string } | undefined;
let options: ProxyOptions;
let decision: ProxyDecision;
let visit: ProxyVisit;
const closers: (() => unknown)[] = [];

beforeEach(() => {
  got = undefined;
  answer = () => new Response("from the origin");
  origin = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { url, method, headers } = request;
      got = { url, method, headers, body: await request.text() };
      return await answer(request);
    },
  });
  options = {
    sitesDomain: "localhost",
    privateAddresses: true,
    ownAddresses: () => [],
    limits,
    client: () => ({ address: "192.0.2.7", before: "198.51.100.1", isSecure: false }),
  };
  decision = { url: `http://127.0.0.1:${origin.port}/api/x?y=1`, status: 200 };
  visit = VISIT;
  site = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => createProxy(options)(decision, request, visit),
  });
});
afterEach(async () => {
  await Promise.all([origin.stop(true), site.stop(true), ...closers.splice(0).map((close) => close())]);
});

const ask = (init: RequestInit & { headers?: Record<string, string> } = {}) =>
  fetch(`http://127.0.0.1:${site.port}/here`, {
    redirect: "manual",
    decompress: false,
    ...init,
    headers: { host: "site.localhost:3000", accept: "application/json", ...init.headers },
  });
const codeOf = async (response: Response) => (await response.json()).error.code;

/** A server that writes these bytes whatever it is asked. */
async function rawOrigin(text: string, { ends = true } = {}): Promise<void> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => (ends ? socket.end(text) : socket.write(text)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  decision = { ...decision, url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/` };
}

test("status, headers and body of the other server pass through", async () => {
  answer = () =>
    new Response("teapot", { status: 418, headers: { "x-mine": "1", etag: '"a"', "cache-control": "max-age=5" } });
  const response = await ask();
  expect([response.status, await response.text()]).toEqual([418, "teapot"]);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "x-mine": "1",
    etag: '"a"',
    "cache-control": "max-age=5",
    "content-length": "6",
  });
  expect(got).toMatchObject({ method: "GET", url: `http://127.0.0.1:${origin.port}/api/x?y=1` });
});

test("the other server learns how the request came, and nothing of one connection alone", async () => {
  await ask({
    headers: {
      cookie: "a=1; berth_access=secret; b=2",
      authorization: "Basic x",
      "x-berth-token": "secret",
      "x-forwarded-for": "198.51.100.1",
      "x-forwarded-host": "evil.example",
      forwarded: "host=evil.example",
      connection: "keep-alive, x-hop",
      "x-hop": "1",
      te: "trailers",
      "accept-language": "de",
      range: "bytes=0-1",
    },
  });
  const seen = Object.fromEntries(got!.headers);
  expect(seen).toMatchObject({
    host: `127.0.0.1:${origin.port}`,
    cookie: "a=1; b=2",
    authorization: "Basic x",
    "x-forwarded-for": "198.51.100.1, 192.0.2.7",
    "x-forwarded-host": "site.localhost:3000",
    "x-forwarded-proto": "http",
    "accept-language": "de",
    range: "bytes=0-1",
    via: "1.1 berth",
    "cdn-loop": "berth",
  });
  for (const name of ["x-berth-token", "forwarded", "x-hop", "te"]) expect(seen).not.toHaveProperty(name);
});

test("a key to a protected host is not handed on; the rule's headers are", async () => {
  visit = { ...VISIT, withoutAuthorization: true };
  decision = { ...decision, headers: { "X-From": "berth", Host: "evil.example", Connection: "close" } };
  await ask({ headers: { authorization: "Bearer key" } });
  expect(got!.headers.has("authorization")).toBe(false);
  expect([got!.headers.get("x-from"), got!.headers.get("host")]).toEqual(["berth", `127.0.0.1:${origin.port}`]);
});

test.each(["POST", "PUT", "PATCH", "DELETE"])("%s with its body", async (method) => {
  answer = () => new Response("made", { status: 201 });
  const response = await ask({ method, body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } });
  expect([response.status, await response.text()]).toEqual([201, "made"]);
  expect(got).toMatchObject({ method, body: "a=b" });
  expect([got!.headers.get("content-length"), got!.headers.get("transfer-encoding")]).toEqual(["3", null]);
});

test("OPTIONS and HEAD are the other server's to answer; other methods are refused", async () => {
  answer = () => new Response(null, { status: 204, headers: { allow: "GET, POST" } });
  const preflight = await ask({ method: "OPTIONS" });
  expect([preflight.status, preflight.headers.get("allow")]).toEqual([204, "GET, POST"]);
  answer = () => new Response("12345");
  const head = await ask({ method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "5", ""]);
  const other = await ask({ method: "PROPFIND" });
  expect([other.status, other.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE"]);
});

test("redirects are passed on, compressed bodies stay as they are, a rule's own status counts", async () => {
  answer = () => new Response(null, { status: 302, headers: { location: "https://elsewhere.example/a" } });
  expect((await ask()).headers.get("location")).toBe("https://elsewhere.example/a");
  const zipped = Bun.gzipSync("hello");
  answer = () => new Response(zipped, { headers: { "content-encoding": "gzip" } });
  const response = await ask({ headers: { "accept-encoding": "gzip" } });
  expect(response.headers.get("content-encoding")).toBe("gzip");
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(zipped);
  decision = { ...decision, status: 404 };
  answer = () => new Response("not here");
  expect((await ask()).status).toBe(404);
});

test("cookies for other hosts, hop-by-hop headers and another port's services don't come through", async () => {
  await rawOrigin(
    [
      "HTTP/1.1 200 OK",
      "Content-Length: 2",
      "Connection: close, X-Hop",
      "X-Hop: 1",
      "Keep-Alive: timeout=5",
      'Alt-Svc: h3=":443"',
      "Set-Cookie: own=1; Path=/",
      "Set-Cookie: same=1; Domain=site.localhost",
      "Set-Cookie: all=1; Domain=.localhost; Path=/",
      "Set-Cookie: other=1; domain=other.example",
      "Set-Cookie: berth_access=forged",
      "",
      "ok",
    ].join("\r\n"),
  );
  const response = await ask();
  expect(await response.text()).toBe("ok");
  expect(response.headers.getSetCookie()).toEqual(["own=1; Path=/", "same=1; Domain=site.localhost"]);
  for (const name of ["x-hop", "keep-alive", "alt-svc"]) expect(response.headers.has(name)).toBe(false);
});

test("a custom domain may share cookies with the domain above it", async () => {
  visit = { ...VISIT, host: "www.shop.example" };
  answer = () => new Response("", { headers: { "set-cookie": "a=1; Domain=shop.example" } });
  expect((await ask()).headers.getSetCookie()).toEqual(["a=1; Domain=shop.example"]);
});

test("previews are not indexed", async () => {
  visit = { ...VISIT, isIndexed: false };
  expect((await ask()).headers.get("x-robots-tag")).toBe("noindex");
});

describe("addresses that are not public", () => {
  beforeEach(() => {
    options = { ...options, privateAddresses: false };
  });

  test.each([
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.1.1:8080/",
    "http://[fd00::1]/",
    "http://0.0.0.0/",
    "ftp://198.41.0.4/",
    "http://user:pass@198.41.0.4/",
    "file:///etc/passwd",
    "nonsense",
  ])("%s is refused", async (url) => {
    decision = { ...decision, url };
    const response = await ask();
    expect([response.status, await codeOf(response)]).toEqual([502, "origin_refused"]);
    expect(got).toBeUndefined();
  });

  test("so is a name that has one such address among others, and the machine's own", async () => {
    decision = { ...decision, url: "http://api.example/" };
    options = { ...options, resolve: async () => ["198.41.0.4", "127.0.0.1"] };
    expect(await codeOf(await ask())).toBe("origin_refused");
    options = { ...options, resolve: async () => ["198.41.0.4"], ownAddresses: () => ["198.41.0.4"] };
    expect(await codeOf(await ask())).toBe("origin_refused");
  });
});

test("a name is asked for once, and that answer is connected to", async () => {
  let asked = 0;
  options = {
    ...options,
    resolve: async () => {
      asked += 1;
      return asked === 1 ? ["127.0.0.1"] : ["192.0.2.1"];
    },
  };
  decision = { ...decision, url: `http://api.example:${origin.port}/` };
  expect(await (await ask()).text()).toBe("from the origin");
  expect([asked, got!.headers.get("host")]).toEqual([1, `api.example:${origin.port}`]);
});

test("a name that nobody knows, and a server that is not there", async () => {
  options = { ...options, resolve: () => Promise.reject(new Error("ENOTFOUND")) };
  decision = { ...decision, url: "http://api.example/" };
  const unknown = await ask();
  expect([unknown.status, await codeOf(unknown)]).toEqual([502, "origin_unreachable"]);
  const port = origin.port;
  await origin.stop(true);
  decision = { ...decision, url: `http://127.0.0.1:${port}/` };
  const down = await ask({ headers: { accept: "text/html" } });
  expect([down.status, down.headers.get("content-type")]).toEqual([502, "text/html; charset=utf-8"]);
});

test("over HTTPS the name must be in the certificate, though an address is connected to", async () => {
  const folder = await mkdtemp(join(tmpdir(), "berth-proxy-"));
  closers.push(() => rm(folder, { recursive: true }));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=api.example", "-addext", "subjectAltName=DNS:api.example"];
  const made = Bun.spawnSync(
    [
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "1",
      "-keyout",
      keyFile,
      "-out",
      certFile,
      ...subject,
    ],
    { stderr: "ignore" },
  );
  expect(made.exitCode).toBe(0);
  const secure = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { key: Bun.file(keyFile), cert: Bun.file(certFile) },
    fetch: (request) => new Response(`secret of ${request.headers.get("host")}`),
  });
  closers.push(() => secure.stop(true));
  const script = `import { createProxy } from ${JSON.stringify(join(import.meta.dir, "proxy.ts"))};
    const proxy = createProxy({ sitesDomain: "localhost", privateAddresses: true, ownAddresses: () => [], limits: ${JSON.stringify(limits)},
      client: () => ({ before: "", isSecure: false }), resolve: async () => ["127.0.0.1"] });
    const visit = { host: "site.localhost", isIndexed: true, withoutAuthorization: false };
    for (const name of ["api.example", "other.example"]) {
      const response = await proxy({ url: "https://" + name + ":${secure.port}/", status: 200 }, new Request("http://site.localhost/"), visit);
      console.log(response.status, response.status === 200 ? await response.text() : "");
    }
    process.exit();`;
  const run = async (variables: Record<string, string>) => {
    const child = Bun.spawn([process.execPath, "-e", script], { env: variables, stdout: "pipe", stderr: "inherit" });
    return (await new Response(child.stdout).text()).trim().split(/\s*\n/);
  };
  expect(await run({ NODE_EXTRA_CA_CERTS: certFile })).toEqual([`200 secret of api.example:${secure.port}`, "502"]);
  expect(await run({})).toEqual(["502", "502"]);
});

test("a proxy onto itself ends", async () => {
  let rounds = 0;
  const proxy = createProxy(options);
  const circle: Bun.Server<undefined> = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request): Promise<Response> {
      rounds += 1;
      return proxy({ url: `http://127.0.0.1:${circle.port}/`, status: 200 }, request, VISIT);
    },
  });
  closers.push(() => circle.stop(true));
  const response = await fetch(`http://127.0.0.1:${circle.port}/`, { headers: { accept: "application/json" } });
  expect([response.status, await codeOf(response), rounds]).toEqual([508, "proxy_loop", 4]);
});

test("a server that says nothing, or stops within its answer", async () => {
  options = { ...options, limits: { ...limits, silenceMs: 150 } };
  await rawOrigin("", { ends: false });
  const silent = await ask();
  expect([silent.status, await codeOf(silent)]).toEqual([504, "origin_timeout"]);
  await rawOrigin("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", { ends: false });
  const half = await ask();
  expect(half.status).toBe(200);
  expect(half.text()).rejects.toThrow();
});

test.each([
  ["no HTTP at all", "SSH-2.0-OpenSSH_9\r\n"],
  ["a head that is cut", "HTTP/1.1 200 OK\r\nContent-"],
  ["a status out of range", "HTTP/1.1 999 Strange\r\nContent-Length: 0\r\n\r\n"],
  ["nothing", ""],
])("%s is a 502", async (_, text) => {
  await rawOrigin(text);
  const response = await ask();
  expect([response.status, await codeOf(response)]).toEqual([502, "origin_unreachable"]);
});

test("a server that changes to another protocol is not waited for", async () => {
  await rawOrigin("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", { ends: false });
  const response = await ask();
  expect([response.status, await codeOf(response)]).toEqual([502, "origin_unreachable"]);
});

test("an answer over the size limit: refused when it says so, else cut", async () => {
  answer = () => new Response("x".repeat(limits.responseBytes + 1));
  expect((await ask()).status).toBe(502);
  answer = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(new Uint8Array(100_000));
        },
      }),
    );
  const endless = await ask();
  expect(endless.status).toBe(200);
  expect(endless.bytes()).rejects.toThrow();
});

test("a body over its limit is refused, whatever length it gives", async () => {
  const body = "x".repeat(limits.requestBytes + 1);
  expect((await ask({ method: "POST", body })).status).toBe(413);
  const stream = new Response(body).body!;
  expect((await ask({ method: "POST", body: stream })).status).toBe(413);
  expect(got).toBeUndefined();
});

test("one server that hangs takes its own places, and gives them back", async () => {
  const open = Promise.withResolvers<Response>();
  answer = () => open.promise.then((response) => response.clone());
  const proxy = createProxy(options);
  const request = () => new Request("http://site.localhost/", { headers: { host: "site.localhost" } });
  const waiting = Array.from({ length: limits.inFlight }, () => proxy(decision, request(), VISIT));
  await Bun.sleep(20);
  const refused = await proxy(decision, request(), VISIT);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
  open.resolve(new Response("late"));
  expect(await Promise.all(waiting.map(async (each) => (await each).text()))).toEqual(
    new Array(limits.inFlight).fill("late"),
  );
  expect((await proxy(decision, request(), VISIT)).status).toBe(200);
});

test("a slow reader slows the other server down, and one that leaves ends it", async () => {
  let written = 0;
  let isClosed = false;
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("close", () => {
      isClosed = true;
    });
    const chunk = Buffer.alloc(64 * 1024);
    const write = () => {
      while (written < 400_000_000) {
        written += chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on("drain", write);
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n");
      write();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  decision = { ...decision, url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/` };
  options = { ...options, limits: { ...limits, responseBytes: 500_000_000 } };
  const proxied = await createProxy(options)(decision, new Request("http://site.localhost/"), VISIT);
  const reader = proxied.body!.getReader();
  await reader.read();
  await Bun.sleep(300);
  expect(written).toBeLessThan(50_000_000);
  await reader.cancel();
  for (let n = 0; n < 100 && !isClosed; n += 1) await Bun.sleep(20);
  expect(isClosed).toBe(true);
});
