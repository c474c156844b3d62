import { beforeEach, describe, expect, test } from "bun:test";
import type { Access } from "../model/access.ts";
import { sha256 } from "../model/ids.ts";
import { createExplain } from "./explain.ts";
import { createHandler } from "./handler.ts";
import { MemoryStore } from "./testing/memory-store.ts";
import { ID, OTHER_ID, pointHost, publishSite } from "./testing/publish-site.ts";

const PAGE = "<h1>About</h1>".repeat(40);
const TOKEN = "a-token-of-many-random-letters";
const gzip = Bun.gzipSync(PAGE);
let store: MemoryStore;

beforeEach(() => {
  store = new MemoryStore();
  const files = { "index.html": "home", "about.html": { identity: PAGE, gzip }, "404.html": "lost", "a.css": "a{}" };
  publishSite(store, files, { notFoundHandling: "404-page" });
  pointHost(store, "site.localhost", { branch: "main" });
  pointHost(store, "fix--site.localhost", { branch: "fix" });
  pointHost(store, "new--site.localhost", { branch: "new", state: "building" });
});

const explain = (url: string, changes: { method?: string; headers?: Record<string, string> } = {}) =>
  createExplain({ store, sitesDomain: "localhost" })({ url, method: "GET", headers: {}, ...changes });

function protect(): void {
  const key = { id: "key1", scope: "previews", kind: "token", hash: sha256(TOKEN), createdAt: "" } as const;
  const access: Access = { version: 1, cookieKey: Buffer.alloc(32).toString("base64"), protections: [key] };
  store.set("access/site", JSON.stringify(access));
}

test("a file: host, pointer, deployment, entry, blob and answer", async () => {
  const document = await explain("http://site.localhost:3000/about?x=1", {
    headers: { "Accept-Encoding": "gzip, br" },
  });
  expect(document).toMatchObject({
    request: { host: "site.localhost", method: "GET", path: "/about", query: "?x=1" },
    pointer: { deployment: ID, project: "site", branch: "main", state: "ready", generation: 1 },
    protection: null,
    rule: null,
    entry: { path: "about.html", sizeBytes: PAGE.length },
    encoding: "gzip",
    blob: { hash: sha256(gzip), sizeBytes: gzip.length },
    answer: { status: 200, headers: { "content-encoding": "gzip", "content-type": "text/html; charset=utf-8" } },
    behindProtection: null,
  });
  expect(store.objects.has(document.blob!.key)).toBe(true);
  const order = ["host", "pointer", "protection", "deployment", "rule", "entry", "encoding", "answer"];
  expect(document.steps.map(({ step }) => step as string)).toEqual(order);
});

test.each([
  ["site.localhost/", 200, "index.html"],
  ["site.localhost/about.html?q", 307, null],
  ["site.localhost/nothing/here", 404, "404.html"],
  ["site.localhost/%ff", 400, null],
  ["none.localhost/", 404, null],
  ["new--site.localhost/", 503, null],
  ["u@:/", null, null],
  ["/a.txt", null, null],
] as const)("%s is answered with %p by %p", async (url, status, path) => {
  if (status === null) return expect(explain(url)).rejects.toMatchObject({ code: "bad_request" });
  const document = await explain(url);
  expect([document.answer.status, document.entry?.path ?? null]).toEqual([status, path]);
});

test("methods and conditions", async () => {
  expect((await explain("site.localhost/", { method: "POST" })).answer).toMatchObject({
    status: 405,
    headers: { allow: "GET, HEAD, OPTIONS" },
  });
  const { etag } = (await explain("site.localhost/a.css")).answer.headers;
  const headers = { "if-none-match": etag! };
  expect((await explain("site.localhost/a.css", { headers })).answer.status).toBe(304);
  const part = await explain("site.localhost/a.css", { headers: { range: "bytes=0-0" } });
  expect(part.answer).toMatchObject({ status: 206, headers: { "content-range": "bytes 0-0/3" } });
  const none = await explain("site.localhost/about", { headers: { "accept-encoding": "identity;q=0" } });
  expect([none.encoding, none.blob, none.answer.status]).toEqual([null, null, 406]);
});

test("an asset of an earlier deployment", async () => {
  publishSite(store, { "old.js": "1" }, { deployment: OTHER_ID });
  const earlier = [{ deployment: OTHER_ID, replacedAt: new Date().toISOString() }];
  pointHost(store, "site.localhost", { branch: "main", earlier, generation: 2 });
  const document = await explain("site.localhost/old.js");
  expect([document.answer.status, document.entry?.path]).toEqual([200, "old.js"]);
  expect(document.steps.find(({ text }) => text.includes("an earlier deployment"))?.step).toBe("deployment");
  expect((await explain("site.localhost/other.js")).entry?.path).toBe("404.html");
});

describe("a protected host", () => {
  test("without a key: the refusal, and what is behind it", async () => {
    protect();
    const document = await explain("fix--site.localhost/about");
    expect(document.protection).toEqual({ keys: [{ id: "key1", scope: "previews", kind: "token" }], isOpened: false });
    expect([document.answer.status, document.behindProtection?.status]).toEqual([401, 200]);
    expect(document.behindProtection?.headers["cache-control"]).toBe("private, max-age=0, must-revalidate");
    expect(document.entry?.path).toBe("about.html");
    expect(JSON.stringify(document)).not.toContain(sha256(TOKEN));
  });

  test("with one: the answer as its owner gets it", async () => {
    protect();
    const headers = { authorization: `Bearer ${TOKEN}` };
    const document = await explain("fix--site.localhost/about", { headers });
    expect([document.protection?.isOpened, document.answer.status, document.behindProtection]).toEqual([
      true,
      200,
      null,
    ]);
    expect(document.answer.headers["cache-control"]).toBe("private, max-age=0, must-revalidate");
  });

  test("the others stay open", async () => {
    protect();
    expect((await explain("site.localhost/")).protection).toBeNull();
  });
});

test("what it says is what the request handler answers", async () => {
  protect();
  const handler = createHandler({ store, sitesDomain: "localhost" });
  for (const host of ["site.localhost", "fix--site.localhost", "new--site.localhost", "none.localhost"]) {
    for (const path of ["/", "/about", "/about.html", "/about/", "/x", "/%2e%2e/", "//a.css", "/a%00"]) {
      for (const method of ["GET", "HEAD", "OPTIONS", "PUT"]) {
        const { answer } = await explain(`http://${host}${path}`, { method });
        const request = new Request(`http://${host}${path}`, { method, headers: { host } });
        const response = await handler.fetch(request);
        // The listener writes the length of what is in memory.
        const { "content-length": _, ...headers } = answer.headers;
        const { "content-length": __, ...sent } = Object.fromEntries(response.headers);
        expect([answer.status, headers]).toEqual([response.status, sent]);
      }
    }
  }
});
