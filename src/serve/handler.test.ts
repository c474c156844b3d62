import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHandler, type Handler } from "./handler.ts";
import { MemoryStore } from "./testing/memory-store.ts";
import { ID, OTHER_ID, pointHost, publishSite } from "./testing/publish-site.ts";

const HOST = "site.localhost";
const PAGE = "<h1>Hello</h1>".repeat(50);
const LARGE = new Uint8Array(3 * 1024 * 1024).map((_, n) => n % 251);

let store: MemoryStore;
let handler: Handler;
let server: Bun.Server<undefined>;
let nowMs: number;
let faults: unknown[];

beforeEach(() => {
  store = new MemoryStore();
  nowMs = 1_000_000;
  faults = [];
  handler = createHandler({
    store,
    sitesDomain: "localhost",
    now: () => nowMs,
    onFault: (error) => faults.push(error),
  });
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: handler.fetch });
});
afterEach(async () => {
  handler.close();
  await server.stop(true);
});

function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  const all = { host: HOST, "accept-encoding": "identity", ...headers };
  return fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers: all,
    redirect: "manual",
    decompress: false,
  });
}

function publish(): void {
  const gzip = Bun.gzipSync(PAGE);
  publishSite(store, {
    "index.html": { identity: PAGE, gzip },
    "about.html": "about",
    "large.bin": LARGE,
    "a.css": "a{}",
  });
  pointHost(store, HOST);
}

test("a page with its headers, from the store and then from memory", async () => {
  publish();
  for (const _ of [1, 2]) {
    const response = await ask("/");
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(PAGE);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-length": String(PAGE.length),
      "cache-control": "public, max-age=0, must-revalidate",
      "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
      "x-content-type-options": "nosniff",
      vary: "Accept-Encoding",
    });
    expect(response.headers.has("x-robots-tag")).toBe(false);
  }
  expect(store.reads.map((key) => key.split("/")[0])).toEqual(["hosts", "access", "deployments", "blobs"]);
});

test("a picture that is in gzip's form says so, whole and in part", async () => {
  const drawing = Bun.gzipSync("<svg/>");
  publishSite(store, { "a.svgz": drawing });
  pointHost(store, HOST);
  const whole = await ask("/a.svgz");
  expect([whole.headers.get("content-type"), whole.headers.get("content-encoding")]).toEqual([
    "image/svg+xml; charset=utf-8",
    "gzip",
  ]);
  expect(await whole.bytes()).toEqual(drawing);
  const part = await ask("/a.svgz", { range: "bytes=0-1" });
  expect([part.status, part.headers.get("content-encoding"), await part.bytes()]).toEqual([
    206,
    "gzip",
    drawing.subarray(0, 2),
  ]);
});

test("encodings have ETags of their own", async () => {
  publish();
  const plain = await ask("/");
  const zipped = await ask("/", { "accept-encoding": "gzip, br" });
  expect(zipped.headers.get("content-encoding")).toBe("gzip");
  expect(new TextDecoder().decode(Bun.gunzipSync(await zipped.bytes()))).toBe(PAGE);
  expect(zipped.headers.get("etag")).not.toBe(plain.headers.get("etag"));
  const etag = zipped.headers.get("etag")!;
  const again = await ask("/", { "accept-encoding": "gzip", "if-none-match": etag });
  expect([again.status, again.headers.get("etag"), again.headers.get("vary")]).toEqual([304, etag, "Accept-Encoding"]);
  expect((await ask("/", { "if-none-match": etag })).status).toBe(200);
  expect((await ask("/", { "accept-encoding": "identity;q=0" })).status).toBe(406);
});

test("every answer is in the durations, those that waited too", async () => {
  publish();
  for (const path of ["/", "/", "/missing", "/about.html"]) await (await ask(path)).bytes();
  const all = handler.durations().map(({ class: name, counts }) => [name, counts.at(-1)]);
  expect(all).toEqual([
    ["2xx", 2],
    ["3xx", 1],
    ["4xx", 1],
    ["5xx", 0],
  ]);
  const [ok, moved] = handler.durations();
  expect([ok!.sumSeconds > 0, moved!.sumSeconds]).toEqual([true, 0]);
});

test("HEAD, OPTIONS and other methods", async () => {
  publish();
  const head = await ask("/", { "accept-encoding": "gzip" }, "HEAD");
  expect([head.status, head.headers.get("content-length")]).toEqual([200, String(Bun.gzipSync(PAGE).length)]);
  const options = await ask("/", {}, "OPTIONS");
  expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
  const post = await ask("/", {}, "POST");
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
});

test.each(["/a.css", "/large.bin"])("ranges of %s", async (path) => {
  publish();
  const whole = await (await ask(path)).bytes();
  const response = await ask(path, { range: "bytes=1-2", "accept-encoding": "br, gzip" });
  expect([response.status, response.headers.get("content-range")]).toEqual([206, `bytes 1-2/${whole.length}`]);
  expect(await response.bytes()).toEqual(whole.slice(1, 3));
  const beyond = await ask(path, { range: `bytes=${whole.length}-` });
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${whole.length}`]);
});

test("several ranges come as parts, too many or too large ones as the whole", async () => {
  publish();
  const response = await ask("/large.bin", { range: "bytes=1000-1002, 0-0, -2" });
  const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(response.headers.get("content-type")!)![1];
  expect([response.status, response.headers.has("content-range")]).toEqual([206, false]);
  const size = LARGE.length;
  const part = (range: string, first: number, last: number) =>
    `\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${range}/${size}\r\n\r\n` +
    Buffer.from(LARGE.subarray(first, last + 1)).toString("latin1");
  const body = Buffer.from(await response.bytes()).toString("latin1");
  expect(body).toBe(
    `${part("1000-1002", 1000, 1002)}${part("0-0", 0, 0)}${part(`${size - 2}-${size - 1}`, size - 2, size - 1)}` +
      `\r\n--${boundary}--\r\n`,
  );
  expect(response.headers.get("content-length")).toBe(String(body.length));
  const storm = `bytes=${Array.from({ length: 40 }, (_, n) => `${n * 1000}-${n * 1000}`)}`;
  const refused = await ask("/large.bin", { range: storm });
  expect([refused.status, (await refused.bytes()).length]).toEqual([200, size]);
});

test("conditions are held against the encoding that would be sent", async () => {
  publish();
  const etag = (await ask("/")).headers.get("etag")!;
  expect((await ask("/", { "if-match": etag })).status).toBe(200);
  const failed = await ask("/", { "if-match": etag, "accept-encoding": "gzip", accept: "application/json" });
  expect([failed.status, (await failed.json()).error.code]).toEqual([412, "precondition_failed"]);
  expect((await ask("/", { "if-unmodified-since": "Thu, 01 Jan 2026 00:00:00 GMT" })).status).toBe(412);
  const ranged = await ask("/", { range: "bytes=0-1", "if-range": etag });
  expect([ranged.status, await ranged.text()]).toEqual([206, "<h"]);
  const whole = await ask("/", { range: "bytes=0-1", "if-range": '"other"' });
  expect([whole.status, await whole.text()]).toEqual([200, PAGE]);
  const encoded = await ask("/", { range: "bytes=0-1", "accept-encoding": "gzip, identity;q=0" });
  expect([encoded.status, encoded.headers.get("content-encoding")]).toEqual([200, "gzip"]);
});

test("a large file is streamed whole and not kept", async () => {
  publish();
  const response = await ask("/large.bin");
  expect((await ask("/large.bin", {}, "HEAD")).headers.get("content-length")).toBe(String(LARGE.length));
  expect(Buffer.compare(await response.bytes(), LARGE)).toBe(0);
  expect(handler.stats().blobBytes).toBe(0);
});

test("bytes with a wrong hash are never served", async () => {
  publish();
  for (const key of store.objects.keys()) {
    const bytes = store.objects.get(key)!;
    if (key.startsWith("blobs/"))
      store.set(
        key,
        bytes.map((byte) => byte ^ 1),
      );
  }
  const small = await ask("/", { accept: "application/json" });
  expect([small.status, (await small.json()).error.code]).toEqual([500, "corrupt_object"]);
  expect(faults.length).toBe(1);
  const large = await ask("/large.bin")
    .then((response) => response.bytes())
    .catch(() => "cut");
  expect(large).toBe("cut");
});

test("redirects keep the query; previews are not indexed", async () => {
  publish();
  pointHost(store, `main--${HOST}`);
  const moved = await ask("/about.html?x=%20y", { host: `main--${HOST}` });
  expect([moved.status, moved.headers.get("location")]).toEqual([307, "/about?x=%20y"]);
  expect(moved.headers.get("x-robots-tag")).toBe("noindex");
  expect((await ask("/about", { host: `main--${HOST}` })).headers.get("x-robots-tag")).toBe("noindex");
});

test("a moved pointer is seen at once when told", async () => {
  publish();
  publishSite(store, { "index.html": "new" }, { deployment: OTHER_ID });
  expect(await (await ask("/")).text()).toBe(PAGE);
  pointHost(store, HOST, { deployment: OTHER_ID });
  expect(await (await ask("/")).text()).toBe(PAGE);
  handler.invalidate(HOST);
  expect(await (await ask("/")).text()).toBe("new");
});

test("a store that is down: what is known is served, the rest is 503", async () => {
  publish();
  await (await ask("/")).text();
  store.isDown = true;
  nowMs += 60_000;
  expect(await (await ask("/")).text()).toBe(PAGE);
  const unread = await ask("/about");
  expect([unread.status, unread.headers.get("retry-after")]).toEqual([503, "5"]);
  expect((await ask("/", { host: "other.localhost" })).status).toBe(503);
});

test("hosts without a deployment to show", async () => {
  pointHost(store, "new.localhost", { state: "building" });
  pointHost(store, "bad.localhost", { state: "failed" });
  const building = await ask("/", { host: "new.localhost" });
  expect([building.status, building.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(await building.text()).toContain('<meta http-equiv="refresh" content="2">');
  expect((await ask("/", { host: "bad.localhost" })).status).toBe(404);
  expect((await ask("/", { host: "none.localhost" })).status).toBe(404);
  expect((await ask("/", { host: "u@site.localhost" })).status).toBe(400);
});

test("a 404 page has status 404, no condition and no range", async () => {
  publishSite(store, { "404.html": "lost" }, { deployment: ID, notFoundHandling: "404-page" });
  pointHost(store, HOST);
  const response = await ask("/x", { "if-none-match": "*", range: "bytes=0-1" });
  expect([response.status, await response.text()]).toEqual([404, "lost"]);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(["etag", "last-modified", "accept-ranges"].map((name) => response.headers.has(name))).toEqual(
    new Array(3).fill(false),
  );
  const head = await ask("/x", {}, "HEAD");
  expect([head.status, head.headers.get("content-length")]).toEqual([404, "4"]);
});

test("a deployment that is shown again is not what a client has whose date is of the one between", async () => {
  publish();
  pointHost(store, HOST, { updatedAt: "2026-01-05T00:00:00.000Z" });
  const statuses: number[] = [];
  for (const date of [
    "Fri, 02 Jan 2026 03:04:05 GMT",
    "Sun, 04 Jan 2026 00:00:00 GMT",
    "Mon, 05 Jan 2026 00:00:00 GMT",
  ]) {
    // By the handler at first, and then by what it has learned.
    for (const _ of [1, 2]) statuses.push((await ask("/about", { "if-modified-since": date })).status);
  }
  expect(statuses).toEqual([304, 304, 200, 200, 304, 304]);
});
