import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHandler, type Handler } from "../serve/handler.ts";
import { MemoryStore } from "../serve/testing/memory-store.ts";
import { pointHost, publishSite } from "../serve/testing/publish-site.ts";
import type { AccessEntry, AccessLog } from "./access-log.ts";
import { logged } from "./request-log.ts";

const PAGE = "<h1>Hello</h1>".repeat(50);
const GZIP = Bun.gzipSync(PAGE);
let handler: Handler;
let server: Bun.Server<undefined>;
const entries: AccessEntry[] = [];

beforeAll(() => {
  const store = new MemoryStore();
  publishSite(store, {
    "index.html": { identity: PAGE, gzip: GZIP },
    "large.bin": new Uint8Array(2_000_000),
    "empty.txt": "",
  });
  pointHost(store, "site.localhost");
  handler = createHandler({ store, sitesDomain: "localhost" });
  const log = { record: (entry: AccessEntry) => entries.push(entry) } as unknown as AccessLog;
  const client = () => ({ address: "203.0.113.9", before: "", isSecure: false });
  const answer = logged(handler.fetch, log, { scheme: "http", client, deploymentOf: handler.deploymentOf });
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
});
afterAll(async () => {
  handler.close();
  await server.stop(true);
});

test.each([
  ["GET", "/", {}, 200, PAGE.length],
  ["GET", "/", { "accept-encoding": "gzip" }, 200, GZIP.length],
  ["GET", "/", { range: "bytes=0-9" }, 206, 10],
  ["GET", "/", { "if-none-match": "*" }, 304, 0],
  ["HEAD", "/", {}, 200, 0],
  ["GET", "/large.bin", {}, 200, 2_000_000],
  ["GET", "/empty.txt", {}, 200, 0],
  ["GET", "/index.html", {}, 307, 0],
  ["OPTIONS", "/", {}, 204, 0],
  ["GET", "/missing", {}, 404, undefined],
  ["GET", "/large.bin", { range: "bytes=0-0, 9000-9001" }, 206, undefined],
] as [string, string, Record<string, string>, number, number | undefined][])(
  "%s %s with %p: %d and its bytes",
  async (method, path, given, status, bytes) => {
    const headers = { host: "site.localhost", "accept-encoding": "identity", ...given };
    const url = `http://127.0.0.1:${server.port}${path}`;
    const response = await fetch(url, { method, headers, redirect: "manual", decompress: false });
    const received = (await response.bytes()).length;
    expect(entries.at(-1)).toMatchObject({ method, path, status, bytes: received, remoteAddress: "203.0.113.9" });
    if (bytes !== undefined) expect(received).toBe(bytes);
  },
);
