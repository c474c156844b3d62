import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { Caller } from "../http/answers.ts";
import { parseHead } from "../http/http1/parse-head.ts";
import { headText } from "../http/http1/response-head.ts";
import { knownBody } from "../http/known-body.ts";
import type { Routes } from "../model/routes.ts";
import { createHandler, type Handler } from "./handler.ts";
import { MemoryStore } from "./testing/memory-store.ts";
import { ID, OTHER_ID, pointHost, publishSite } from "./testing/publish-site.ts";

const HOST = "site.localhost";
const PREVIEW = "main--site.localhost";
const RULED = "ruled.localhost";
const PAGE = "<h1>Hello</h1>".repeat(50);
const ETAG = `"${new Bun.CryptoHasher("sha256").update(PAGE).digest("hex").slice(0, 32)}"`;
const CLIENT: Caller = { address: "127.0.0.1", scheme: "http" };

const origin = { file: "_headers", line: 1 };
/** Rules for some paths: fixed headers, one with a part of the path, one for some visitors, a rewrite for everything else. */
const routes: Routes = {
  redirects: [],
  rules: [
    {
      path: ["/de.txt"],
      to: ["/a.txt"],
      status: 200,
      forced: true,
      when: [{ on: "language", values: ["de"] }],
      origin,
    },
    { path: ["/", { rest: "splat" }], to: ["/app.html"], status: 200, origin },
  ],
  rewrites: [],
  headers: [
    {
      path: ["/", { rest: "splat" }],
      headers: [
        ["x-frame-options", ["DENY"]],
        ["set-cookie", ["a=1"]],
      ],
      origin,
    },
    { path: ["/filled/", { rest: "splat" }], headers: [["x-path", [{ use: "splat" }]]], origin },
    {
      ...{ path: ["/empty.txt"], headers: [["x-cookie", ["yes"]]], origin },
      when: [{ on: "cookies", values: ["c"] }],
    },
  ],
};

let handler: Handler;
beforeAll(() => {
  const store = new MemoryStore();
  const files = {
    "index.html": { identity: PAGE, gzip: Bun.gzipSync(PAGE) },
    "a.txt": "0123456789",
    "de.txt": "nicht",
    "empty.txt": "",
    "filled/x.txt": "x",
    "app.html": "app",
    "404.html": "nothing",
  };
  publishSite(store, files);
  publishSite(store, files, { deployment: OTHER_ID, routes, notFoundHandling: "single-page-application" });
  pointHost(store, HOST);
  pointHost(store, PREVIEW);
  pointHost(store, RULED, { deployment: OTHER_ID });
  handler = createHandler({ store, sitesDomain: "localhost" });
});
afterAll(() => handler.close());

function headOf(method: string, host: string, target: string, fields: readonly string[] = []) {
  const head = parseHead(`${[`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...fields].join("\r\n")}\r\n\r\n`);
  if ("message" in head) throw new Error(head.message);
  return head;
}

/** What the handler answers to the same request, as a quick answer has it. */
async function slowly(method: string, host: string, target: string, fields: readonly string[]) {
  const headers = fields.map((field) => field.split(": ", 2) as [string, string]);
  const request = new Request(`http://${host}${target}`, { method, headers: [["host", host], ...headers] });
  const response = await handler.fetch(request);
  const bytes = knownBody(response)?.bytes ?? (await response.bytes());
  return { head: headText(response.status, response.headers), body: Buffer.from(bytes).toString() };
}

const PATHS = [
  "/",
  "/a.txt",
  "/empty.txt",
  "/index.html",
  "/missing",
  "/a.txt?x",
  "/%61.txt",
  "/../a.txt",
  "/A.txt",
  "/de.txt",
  "/filled/x.txt",
  "/some/where",
  "/assets/gone.js",
];
const FIELDS = [
  "Accept-Encoding: gzip",
  "Accept-Encoding: gzip;q=0, identity;q=0.5",
  "Accept-Encoding: identity;q=0",
  `If-None-Match: ${ETAG}`,
  'If-None-Match: "other"',
  `If-None-Match: W/${ETAG}`,
  "If-None-Match: *",
  "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT",
  "If-Modified-Since: Fri, 01 Jan 1999 00:00:00 GMT",
  "If-Modified-Since: yesterday",
  "Accept-Language: de",
  "Cookie: c=1",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-Mode: no-cors",
];

test("whatever is answered quickly is what the handler answers", async () => {
  const cases = fc.record({
    method: fc.constantFrom("GET", "HEAD"),
    host: fc.constantFrom(HOST, PREVIEW, RULED, `${HOST}:8080`, "SITE.localhost", "unknown.localhost"),
    target: fc.constantFrom(...PATHS),
    fields: fc.subarray(FIELDS, { maxLength: 1 }),
  });
  let quickAnswers = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ method, host, target, fields }) => {
      const answered = await slowly(method, host, target, fields);
      const quick = handler.quick(headOf(method, host, target, fields), CLIENT);
      if (quick === undefined) return;
      quickAnswers += 1;
      expect({
        head: headText(quick.head.status, quick.head.fields),
        body: Buffer.from(quick.body?.bytes ?? "").toString(),
      }).toEqual(answered);
      expect(quick.head.status).toBe(Number(answered.head.slice(9, 12)));
    }),
    { numRuns: 1500 },
  );
  expect(quickAnswers).toBeGreaterThan(50);
});

test("what was answered once is quick the next time, and counted once", async () => {
  await slowly("GET", HOST, "/a.txt", []);
  const before = handler.stats();
  expect(handler.quick(headOf("GET", HOST, "/a.txt"), CLIENT)).toMatchObject({ head: { status: 200 }, encoding: null });
  const after = handler.stats();
  const grown = (name: string) => after[name]! - before[name]!;
  expect(["requests", "status2xx", "tierMemory", "encodingIdentity", "faults"].map(grown)).toEqual([1, 1, 1, 1, 0]);
});

test.each([
  ["POST", HOST, "/a.txt"],
  ["OPTIONS", HOST, "/a.txt"],
  ["GET", "unknown.localhost", "/"],
  ["GET", "bad host", "/"],
  ["GET", HOST, "/missing"],
  ["GET", HOST, "/a.txt?query"],
])("%s %s %s is never quick", async (method, host, target) => {
  await handler.fetch(new Request(`http://${HOST}${target}`, { method, headers: { host } }));
  expect(handler.quick(headOf(method, host, target), CLIENT)).toBeUndefined();
});

test.each([
  ["/a.txt", true],
  ["/some/where", true],
  ["/de.txt", false],
  ["/filled/x.txt", false],
  ["/empty.txt", false],
  ["/assets/gone.js", false],
])("with rules, %s is quick: %p", async (target, isQuick) => {
  await slowly("GET", RULED, target, []);
  const quick = handler.quick(headOf("GET", RULED, target), CLIENT);
  expect(quick !== undefined).toBe(isQuick);
  if (isQuick) expect(quick!.head.fields).toContainEqual(["x-frame-options", "DENY"]);
});

test("whatever changes, and whoever is told of it, what is quick is what would be answered", async () => {
  const change = fc.oneof(
    fc.record({ kind: fc.constant("ask"), target: fc.constantFrom("/", "/a.txt", "/b.txt") }),
    fc.record({ kind: fc.constantFrom("move", "protect", "open", "remove", "tell", "tellAll") }),
    fc.record({ kind: fc.constant("wait"), ms: fc.constantFrom(10, 1_000, 4_000, 8_000, 11_000) }),
  );
  let quickAnswers = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 10, maxLength: 40 }), fc.boolean(), async (changes, isTight) => {
      const store = new MemoryStore();
      publishSite(store, { "index.html": PAGE, "a.txt": "first", "b.txt": "b".repeat(900) });
      publishSite(store, { "index.html": "other", "a.txt": "second" }, { deployment: OTHER_ID });
      pointHost(store, HOST);
      let [now, generation] = [1_000_000, 1];
      const one = createHandler({
        ...{ store, sitesDomain: "localhost", now: () => now },
        ...(isTight && { memoryBytes: 2_000 }),
      });
      const protections = [{ id: "a", scope: "all", kind: "token", hash: "", createdAt: "" }];
      const access = { version: 1, cookieKey: Buffer.alloc(32).toString("base64"), protections };
      for (const each of changes) {
        if (each.kind === "wait") now += (each as { ms: number }).ms;
        if (each.kind === "protect") store.set("access/site", JSON.stringify(access));
        if (each.kind === "open") store.set("access/site", JSON.stringify({ ...access, protections: [] }));
        if (each.kind === "remove" || each.kind === "move") {
          generation += 1;
          const deployment = generation % 2 === 0 ? OTHER_ID : ID;
          pointHost(store, HOST, { deployment, generation, ...(each.kind === "remove" && { state: "failed" }) });
        }
        if (each.kind === "tell") one.invalidate(HOST);
        if (each.kind === "tellAll") one.invalidateAll();
        if (each.kind === "ask") {
          const { target } = each as { target: string };
          const quick = one.quick(headOf("GET", HOST, target), CLIENT);
          const response = await one.fetch(
            new Request(`http://${HOST}${target}`, { headers: { host: HOST, "accept-encoding": "identity" } }),
          );
          if (quick === undefined) continue;
          quickAnswers += 1;
          expect([quick.head.status, Buffer.from(quick.body!.bytes).toString()]).toEqual([
            response.status,
            await response.text(),
          ]);
        }
        await Bun.sleep(0);
      }
      one.close();
    }),
    { numRuns: 300 },
  );
  expect(quickAnswers).toBeGreaterThan(100);
});

test("what the memory has no room for is not kept by those who answered with it", async () => {
  const store = new MemoryStore();
  publishSite(store, { "a.txt": "a".repeat(900), "b.txt": "b".repeat(900) });
  pointHost(store, HOST);
  const one = createHandler({ store, sitesDomain: "localhost", memoryBytes: 3_000 });
  const ask = async (target: string) => {
    await one.fetch(new Request(`http://${HOST}${target}`, { headers: { host: HOST } }));
    return one.quick(headOf("GET", HOST, target), CLIENT)?.body?.length;
  };
  expect([await ask("/a.txt"), await ask("/b.txt"), await ask("/a.txt")]).toEqual([900, 900, 900]);
  expect(one.quick(headOf("GET", HOST, "/b.txt"), CLIENT)).toBeUndefined();
  one.close();
});
