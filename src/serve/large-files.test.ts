import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, utimes } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileStore } from "../store/file.ts";
import { createHandler, type Handler } from "./handler.ts";
import { blobKey } from "./sources.ts";
import { MemoryStore } from "./testing/memory-store.ts";
import { pointHost, publishSite } from "./testing/publish-site.ts";

const HOST = "site.localhost";
const SIZE = 3 * 1024 * 1024;
const LARGE = new Uint8Array(SIZE).map((_, n) => n % 251);

let folder: string;
let handler: Handler;
let server: Bun.Server<undefined>;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-large-"));
  const store = openFileStore(folder);
  const memory = new MemoryStore();
  const manifest = publishSite(memory, { "large.bin": LARGE });
  pointHost(memory, HOST);
  for (const [key, bytes] of memory.objects) await store.put(key, bytes);
  path = join(folder, blobKey(manifest.files.entryAt(manifest.files.find("/large.bin")).hash));
  handler = createHandler({ store, sitesDomain: "localhost" });
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: handler.fetch });
});
afterEach(async () => {
  handler.close();
  await server.stop(true);
  await rm(folder, { recursive: true });
});

const ask = (headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${server.port}/large.bin`, { headers: { host: HOST, ...headers } });

test("the whole and its parts carry their length", async () => {
  const whole = await ask();
  expect([whole.status, whole.headers.get("content-length")]).toEqual([200, String(SIZE)]);
  expect([whole.headers.get("content-type"), whole.headers.get("content-disposition")]).toEqual([
    "application/octet-stream",
    "inline",
  ]);
  expect(Buffer.compare(await whole.bytes(), LARGE)).toBe(0);
  const part = await ask({ range: `bytes=1000000-${SIZE}` });
  expect([part.status, part.headers.get("content-length")]).toEqual([206, String(SIZE - 1_000_000)]);
  expect(part.headers.get("content-range")).toBe(`bytes 1000000-${SIZE - 1}/${SIZE}`);
  expect(Buffer.compare(await part.bytes(), LARGE.subarray(1_000_000))).toBe(0);
  const several = await ask({ range: "bytes=0-1, 2000000-2000009" });
  expect(several.headers.get("content-length")).toBe(String((await several.bytes()).length));
});

test("a Range that does not count leaves the file whole", async () => {
  const headers = [{ "if-range": '"other"' }, { "if-range": "Thu, 01 Jan 2026 03:04:05 GMT" }];
  for (const header of headers) {
    const response = await ask({ range: "bytes=1-2", ...header });
    expect([response.status, (await response.bytes()).length]).toEqual([200, SIZE]);
  }
});

test("a file that was damaged after it was served is not served again, whatever its times say", async () => {
  const good = LARGE.slice();
  expect((await (await ask()).bytes()).length).toBe(SIZE);
  const { mtime } = await Bun.file(path).stat();
  const bad = good.with(SIZE - 1, good[SIZE - 1]! ^ 1);
  await Bun.write(path, bad);
  await utimes(path, mtime, mtime);
  expect((await ask()).status).toBe(500);
  expect((await ask({ range: "bytes=0-9" })).status).toBe(500);
  await Bun.write(path, good);
  expect((await ask()).status).toBe(200);
  await rm(path);
  expect((await ask()).status).toBe(500);
});

test("a reader that does not read holds no bytes of the file", async () => {
  await (await ask()).bytes();
  const before = process.memoryUsage.rss();
  const sockets = Array.from({ length: 50 }, () => {
    const socket = connect(server.port!, "127.0.0.1");
    socket.pause();
    socket.write(`GET /large.bin HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    return socket;
  });
  while (handler.stats().tierStore! < 51) await Bun.sleep(5);
  await Bun.sleep(200);
  // Fifty times three megabytes would be 150.
  expect(process.memoryUsage.rss() - before).toBeLessThan(60 * 1024 * 1024);
  for (const socket of sockets) socket.destroy();
});
