import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { createHandler, type Handler } from "../../src/serve/handler.ts";
import { MemoryStore } from "../../src/serve/testing/memory-store.ts";
import { pointHost, publishSite } from "../../src/serve/testing/publish-site.ts";
import { type Listener, listen } from "../../src/server/listen.ts";

const HOST = "site.localhost";
const PAGE = "<h1>Hello</h1>".repeat(50);
const ETAG = `"${new Bun.CryptoHasher("sha256").update(PAGE).digest("hex").slice(0, 32)}"`;

let handler: Handler;
let server: Listener;

beforeAll(async () => {
  const store = new MemoryStore();
  publishSite(store, { "index.html": { identity: PAGE, gzip: Bun.gzipSync(PAGE) }, "a.txt": "0123456789" });
  pointHost(store, HOST);
  handler = createHandler({ store, sitesDomain: "localhost" });
  server = await listen({ host: "127.0.0.1", port: 0 }, { answer: handler.fetch, quick: handler.quick });
});
afterAll(async () => {
  handler.close();
  await server.stop({ limitMs: 0 });
});

interface Answer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** Sends these bytes on a connection of their own, followed by a request that ends it, and reads the first answer. */
async function send(request: string): Promise<Answer> {
  const ending = `GET /a.txt HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
  const socket = connect(server.port!, "127.0.0.1", () => socket.write(request + ending, "latin1"));
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(Buffer.from(chunk)));
  await new Promise<void>((resolve, reject) => socket.once("close", resolve).once("error", reject));
  const text = Buffer.concat(chunks).toString("latin1");
  const headEnd = text.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(":")).toLowerCase();
    expect(headers.has(name)).toBe(false);
    headers.set(name, line.slice(line.indexOf(":") + 1).trim());
  }
  const rest = text.slice(headEnd + 4);
  // The answer to the ending request, if this one kept the connection: what stands before it is this one's body.
  const next = rest.lastIndexOf("HTTP/1.1 ");
  return { status: Number(statusLine.split(" ")[1]), headers, body: next === -1 ? rest : rest.slice(0, next) };
}

const request = (line: string, ...headers: string[]) => `${[line, ...headers].join("\r\n")}\r\n\r\n`;
const get = (...headers: string[]) => request("GET / HTTP/1.1", `Host: ${HOST}`, ...headers);

test.each([
  ["two Host fields", request("GET / HTTP/1.1", `Host: ${HOST}`, "Host: other.localhost"), 400],
  ["the same Host twice", request("GET / HTTP/1.1", `Host: ${HOST}`, `Host: ${HOST}`), 400],
  ["no Host in 1.1", request("GET / HTTP/1.1"), 400],
  ["no Host in 1.0", request("GET / HTTP/1.0"), 400],
  ["Host in 1.0", request("GET / HTTP/1.0", `Host: ${HOST}`), 200],
  ["an empty Host", request("GET / HTTP/1.1", "Host:"), 400],
  ["a Host with user information", request("GET / HTTP/1.1", `Host: user@${HOST}`), 400],
  ["a Host with user and password", request("GET / HTTP/1.1", `Host: user:word@${HOST}`), 400],
  ["a Host with a path", request("GET / HTTP/1.1", `Host: ${HOST}/a`), 400],
  ["a Host with a query", request("GET / HTTP/1.1", `Host: ${HOST}?a`), 400],
  ["a Host with a space", request("GET / HTTP/1.1", `Host: ${HOST} other`), 400],
  ["a Host with two dots", request("GET / HTTP/1.1", "Host: site..localhost"), 400],
  ["a Host beyond ASCII", request("GET / HTTP/1.1", "Host: s\xefte.localhost"), 400],
  ["a Host with a port", request("GET / HTTP/1.1", `Host: ${HOST}:8080`), 200],
  ["a Host with a port that is none", request("GET / HTTP/1.1", `Host: ${HOST}:80a`), 400],
  ["a Host with a port that is too high", request("GET / HTTP/1.1", `Host: ${HOST}:65536`), 400],
  ["a Host in capitals with the root's dot", request("GET / HTTP/1.1", "Host: SITE.LocalHost."), 200],
  ["an overlong Host", request("GET / HTTP/1.1", `Host: ${"a".repeat(300)}.localhost`), 400],
  ["a space before the colon", request("GET / HTTP/1.1", `Host : ${HOST}`), 400],
  ["CONNECT", request(`CONNECT ${HOST}:80 HTTP/1.1`, `Host: ${HOST}`), 405],
  ["TRACE", request("TRACE / HTTP/1.1", `Host: ${HOST}`), 405],
  ["POST", request("POST / HTTP/1.1", `Host: ${HOST}`, "Content-Length: 0"), 405],
  ["DELETE", request("DELETE / HTTP/1.1", `Host: ${HOST}`), 405],
  ["PROPFIND", request("PROPFIND / HTTP/1.1", `Host: ${HOST}`), 405],
  ["OPTIONS", request("OPTIONS / HTTP/1.1", `Host: ${HOST}`), 204],
  ["the absolute form", request(`GET http://${HOST}/a.txt HTTP/1.1`, `Host: ${HOST}`), 200],
  ["the absolute form without a path", request(`GET http://${HOST} HTTP/1.1`, `Host: ${HOST}`), 200],
  ["the absolute form of another scheme", request(`GET ftp://${HOST}/ HTTP/1.1`, `Host: ${HOST}`), 400],
  ["a target that is no path", request("GET a.txt HTTP/1.1", `Host: ${HOST}`), 400],
  ["GET of an asterisk", request("GET * HTTP/1.1", `Host: ${HOST}`), 400],
  ["a target of 8,000 characters", request(`GET /${"a".repeat(8000)} HTTP/1.1`, `Host: ${HOST}`), 404],
  ["a target of 20,000 characters", request(`GET /${"a".repeat(20_000)} HTTP/1.1`, `Host: ${HOST}`), 414],
  ["fields of 20,000 characters", request("GET / HTTP/1.1", `Host: ${HOST}`, `X: ${"a".repeat(20_000)}`), 431],
  ["a target with a host of its own", request("GET //other.localhost/x HTTP/1.1", `Host: ${HOST}`), 404],
  ["dots that climb", request("GET /../../../etc/passwd HTTP/1.1", `Host: ${HOST}`), 404],
  ["escaped dots that climb", request("GET /x/..%2f..%2fa.txt HTTP/1.1", `Host: ${HOST}`), 400],
  ["an escaped NUL", request("GET /a.txt%00 HTTP/1.1", `Host: ${HOST}`), 400],
  ["a cut escape", request("GET /a%2 HTTP/1.1", `Host: ${HOST}`), 400],
  ["HTTP/2.0 in words", request("GET / HTTP/2.0", `Host: ${HOST}`), 505],
])("%s", async (_, bytes, status) => {
  const answer = await send(bytes);
  expect(answer.status).toBe(status);
  if (status !== 405) return;
  expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  expect(answer.body).toContain("Sites are read with GET and HEAD.");
});

test("a page carries length, date and validators, once each", async () => {
  const { status, headers, body } = await send(get());
  expect([status, body]).toEqual([200, PAGE]);
  expect(headers.get("content-length")).toBe(String(PAGE.length));
  expect(headers.get("etag")).toBe(ETAG);
  expect(headers.has("transfer-encoding")).toBe(false);
  expect(Math.abs(Date.parse(headers.get("date")!) - Date.now())).toBeLessThan(60_000);
});

test.each(["", "Accept-Encoding: gzip"])("HEAD has the fields of GET and no body (%p)", async (field) => {
  const fields = field === "" ? [] : [field];
  const whole = await send(get(...fields));
  const head = await send(request("HEAD / HTTP/1.1", `Host: ${HOST}`, ...fields));
  const without = (answer: Answer) => Object.fromEntries([...answer.headers].filter(([name]) => name !== "date"));
  expect([head.status, head.body]).toEqual([200, ""]);
  expect(without(head)).toEqual(without(whole));
});

test.each([
  ["HEAD of what is not there", request("HEAD /x HTTP/1.1", `Host: ${HOST}`), 404],
  ["HEAD of a redirect", request("HEAD /index.html HTTP/1.1", `Host: ${HOST}`), 307],
  ["HEAD without a host", request("HEAD / HTTP/1.0"), 400],
  ["a page that is known", get(`If-None-Match: ${ETAG}`), 304],
  ["a page that is known, tags in two fields", get('If-None-Match: "x"', `If-None-Match: ${ETAG}`), 304],
  ["a page that is known, weakly", get(`If-None-Match: W/${ETAG}`), 304],
  ["HEAD of a page that is known", request("HEAD / HTTP/1.1", `Host: ${HOST}`, `If-None-Match: ${ETAG}`), 304],
  ["OPTIONS", request("OPTIONS / HTTP/1.1", `Host: ${HOST}`), 204],
])("no body: %s", async (_, bytes, status) => {
  const { headers, ...answer } = await send(bytes);
  expect(answer).toEqual({ status, body: "" });
  expect(headers.has("transfer-encoding")).toBe(false);
  if (status === 304) {
    expect(headers.get("etag")).toBe(ETAG);
    expect([headers.has("content-type"), headers.has("content-encoding")]).toEqual([false, false]);
  }
});

const part = (range: string) => request("GET /a.txt HTTP/1.1", `Host: ${HOST}`, `Range: ${range}`);
test.each([
  ["bytes=2-4", 206, "bytes 2-4/10", "234"],
  ["bytes=-1", 206, "bytes 9-9/10", "9"],
  ["bytes=8-", 206, "bytes 8-9/10", "89"],
  ["bytes=0-0,1-1", 206, "bytes 0-1/10", "01"],
  ["bytes=9-2", 200, undefined, "0123456789"],
  ["pages=1-2", 200, undefined, "0123456789"],
] as const)("Range: %s", async (range, status, contentRange, expected) => {
  const { headers, ...answer } = await send(part(range));
  expect(answer).toEqual({ status, body: expected });
  expect([headers.get("content-range"), headers.get("content-length")]).toEqual([contentRange, `${expected.length}`]);
});

test("a range outside of the file", async () => {
  const { status, headers } = await send(part("bytes=10-"));
  expect([status, headers.get("content-range")]).toEqual([416, "bytes */10"]);
});

test("two Range fields do not count", async () => {
  const bytes = request("GET /a.txt HTTP/1.1", `Host: ${HOST}`, "Range: bytes=2-3", "Range: bytes=5-6");
  expect((await send(bytes)).status).toBe(200);
});

test("a refusal is JSON for whom asks for it", async () => {
  const { status, body } = await send(request("GET /x HTTP/1.1", `Host: ${HOST}`, "Accept: application/json"));
  expect([status, JSON.parse(body).error.code]).toEqual([404, "not_found"]);
});
