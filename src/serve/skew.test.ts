import { beforeEach, expect, test } from "bun:test";
import type { EarlierDeployment } from "../model/host-pointer.ts";
import { type DeploymentId, newDeploymentId } from "../model/ids.ts";
import { createHandler, type Handler } from "./handler.ts";
import { MemoryStore } from "./testing/memory-store.ts";
import { pointHost, publishSite } from "./testing/publish-site.ts";

const HOST = "site.localhost";
const NOW = Date.parse("2026-03-01T12:00:00Z");
let store: MemoryStore;
let handler: Handler;
let ids: DeploymentId[];
beforeEach(() => {
  store = new MemoryStore();
  handler = createHandler({ store, sitesDomain: "localhost", now: () => NOW });
  ids = Array.from({ length: 13 }, newDeploymentId);
});

const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  handler.fetch(new Request(`http://${HOST}${path}`, { method, headers: { host: HOST, ...headers } }));
const replaced =
  (hoursAgo: number) =>
  (deployment: DeploymentId): EarlierDeployment => ({
    deployment,
    replacedAt: new Date(NOW - hoursAgo * 3_600_000).toISOString(),
  });

/** The present deployment is the first id; each has a script of its number. */
function publishAll(earlier: EarlierDeployment[], extra: Record<string, string> = {}): void {
  ids.forEach((deployment, n) => {
    publishSite(
      store,
      { "index.html": `page ${n}`, [`_astro/c.a1b2c3d${n}.js`]: `chunk ${n}`, ...(n > 0 && extra) },
      { deployment },
    );
  });
  pointHost(store, HOST, { deployment: ids[0]!, earlier });
}

test("an asset of an earlier deployment is served as that one served it", async () => {
  publishAll(ids.slice(1).map(replaced(1)));
  const old = await ask("/_astro/c.a1b2c3d7.js");
  expect([old.status, await old.text()]).toEqual([200, "chunk 7"]);
  expect(old.headers.get("cache-control")).toContain("immutable");
  const head = await ask("/_astro/c.a1b2c3d7.js", {}, "HEAD");
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "7"]);
  const again = await ask("/_astro/c.a1b2c3d7.js", { "if-none-match": old.headers.get("etag")! });
  expect(again.status).toBe(304);
  expect(handler.stats().earlierAssets).toBe(3);
});

test("the present deployment comes first, then the newest that has it", async () => {
  publishAll(ids.slice(1).map(replaced(1)));
  for (const n of [3, 5]) publishSite(store, { "b.css": `from ${n}` }, { deployment: ids[n]! });
  expect(await (await ask("/b.css")).text()).toBe("from 3");
  publishSite(store, { "b.css": "from now" }, { deployment: ids[12]! });
  pointHost(store, HOST, { deployment: ids[12]!, earlier: ids.slice(1, 9).map(replaced(1)), generation: 2 });
  handler.invalidate(HOST);
  expect(await (await ask("/b.css")).text()).toBe("from now");
});

test("only the last ten, and only for a day", async () => {
  publishAll(ids.slice(1).map(replaced(1)));
  expect((await ask("/_astro/c.a1b2c3d10.js")).status).toBe(200);
  expect((await ask("/_astro/c.a1b2c3d11.js")).status).toBe(404);
  pointHost(store, HOST, {
    deployment: ids[0]!,
    earlier: [replaced(23)(ids[1]!), replaced(24)(ids[2]!)],
    generation: 2,
  });
  handler.invalidate(HOST);
  expect((await ask("/_astro/c.a1b2c3d1.js")).status).toBe(200);
  expect((await ask("/_astro/c.a1b2c3d2.js")).status).toBe(404);
});

test("pages, navigations and other methods get nothing from the past", async () => {
  publishAll(ids.slice(1).map(replaced(1)), { "old.html": "old", "old.htm": "old", noending: "x", "p.png": "p" });
  for (const path of ["/old.html", "/old", "/old.htm", "/noending"]) expect((await ask(path)).status).toBe(404);
  expect((await ask("/p.png", { "sec-fetch-mode": "navigate" })).status).toBe(404);
  expect((await ask("/p.png", {}, "POST")).status).toBe(405);
  expect((await ask("/p.png", { "sec-fetch-mode": "no-cors" })).status).toBe(200);
});

test("an asset that none has is a 404 that no cache keeps, the project's own page too", async () => {
  publishAll(ids.slice(1).map(replaced(1)));
  const plain = await ask("/no.js");
  expect([plain.status, plain.headers.get("cache-control")]).toEqual([404, "no-store"]);
  publishSite(store, { "404.html": "lost" }, { deployment: ids[12]!, notFoundHandling: "404-page" });
  pointHost(store, HOST, { deployment: ids[12]!, generation: 2 });
  handler.invalidate(HOST);
  const own = await ask("/no.js");
  expect([own.status, await own.text(), own.headers.get("cache-control")]).toEqual([404, "lost", "no-store"]);
});

test("a rule that shows a page for every path does not hide the assets of before", async () => {
  publishAll(ids.slice(1).map(replaced(1)));
  const origin = { file: "_redirects", line: 1 };
  const all = { path: ["/", { rest: "splat" }], to: ["/index.html"], status: 200, origin };
  const routes = { redirects: [], rules: [all], rewrites: [], headers: [] };
  publishSite(store, { "index.html": "app" }, { deployment: ids[12]!, routes });
  pointHost(store, HOST, { deployment: ids[12]!, earlier: [replaced(1)(ids[1]!)], generation: 2 });
  handler.invalidate(HOST);
  expect(await (await ask("/_astro/c.a1b2c3d1.js")).text()).toBe("chunk 1");
  expect(await (await ask("/no.js")).text()).toBe("app");
  expect(await (await ask("/some/page")).text()).toBe("app");
});

test("a 404 that a rule wants is final, with the site's page and without", async () => {
  publishAll(ids.slice(1).map(replaced(1)), { "old/a.js": "retired", "404.html": "lost" });
  const origin = { file: "_redirects", line: 1 };
  const gone = { path: ["/old/", { rest: "splat" }], to: ["/404.html"], status: 404, origin };
  const routes = { redirects: [], rules: [gone], rewrites: [], headers: [] };
  for (const [n, files, body] of [
    [11, { "404.html": "lost" }, "lost"],
    [12, {}, "There is no page at this address."],
  ] as const) {
    publishSite(store, files, { deployment: ids[n]!, routes });
    pointHost(store, HOST, { deployment: ids[n]!, earlier: [replaced(1)(ids[1]!)], generation: n });
    handler.invalidate(HOST);
    const answer = await ask("/old/a.js");
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining(body)]);
    expect(await (await ask("/_astro/c.a1b2c3d1.js")).text()).toBe("chunk 1");
  }
});

test.each([
  [404, {}, "chunk 1"],
  [410, {}, "chunk 1"],
  [404, { forced: true }, "lost"],
] as const)("a %d for all paths that have no file hides no asset of before (%p)", async (status, more, text) => {
  const origin = { file: "_redirects", line: 1 };
  for (const [n, to] of [
    [11, "/404.html"],
    [12, "/nothing"],
  ] as const) {
    publishAll(ids.slice(1).map(replaced(1)));
    const all = { path: ["/", { rest: "splat" }], to: [to], status, origin, ...more };
    const routes = { redirects: [], rules: [all], rewrites: [], headers: [] };
    publishSite(store, { "404.html": "lost" }, { deployment: ids[n]!, routes, notFoundHandling: "404-page" });
    pointHost(store, HOST, { deployment: ids[n]!, earlier: [replaced(1)(ids[1]!)], generation: n });
    handler.invalidate(HOST);
    expect(await (await ask("/_astro/c.a1b2c3d1.js")).text()).toBe(text);
    const other = await ask("/no.js");
    expect([other.status, await other.text()]).toEqual([status, "lost"]);
  }
});

test("deleted and damaged deployments are passed over and asked for once", async () => {
  publishAll(ids.slice(1, 5).map(replaced(1)));
  store.objects.delete(`deployments/${ids[1]}/manifest.json`);
  store.set(`deployments/${ids[2]}/manifest.json`, "{");
  expect((await ask("/_astro/c.a1b2c3d1.js")).status).toBe(404);
  expect(await (await ask("/_astro/c.a1b2c3d4.js")).text()).toBe("chunk 4");
  const before = store.reads.length;
  expect((await ask("/_astro/c.a1b2c3d2.js")).status).toBe(404);
  expect(store.reads.length).toBe(before);
});

test("with the store down it can't be told whether there is one: 503", async () => {
  publishAll(ids.slice(1).map(replaced(1)));
  await (await ask("/")).text();
  store.isDown = true;
  expect((await ask("/_astro/c.a1b2c3d1.js")).status).toBe(503);
});
