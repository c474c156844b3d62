import { expect, test } from "bun:test";
import type { HeaderRoute, Route } from "../../model/routes.ts";
import { createHandler } from "../handler.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { pointHost, publishSite } from "../testing/publish-site.ts";
import { headerChanges } from "./headers.ts";
import { RequestFacts } from "./request-facts.ts";
import { newWork, siteRules } from "./site-rules.ts";

const origin = { file: "_headers", line: 1 };

async function ask(path: string, host = "site.localhost") {
  const store = new MemoryStore();
  publishSite(
    store,
    { "index.html": "start", "404.html": "lost" },
    {
      notFoundHandling: "404-page",
      routes: {
        ...{ redirects: [], rules: [], rewrites: [] },
        headers: [
          {
            path: ["/", { rest: "splat" }],
            headers: [
              ["cache-control", ["max-age=9"]],
              ["x-robots-tag", ["all"]],
              ["x-content-type-options", null],
              ["vary", ["Cookie"]],
              ["set-cookie", ["a=1"]],
              ["set-cookie", ["b=2"]],
            ],
            joins: true,
            origin,
          },
        ],
      },
    },
  );
  pointHost(store, host);
  const handler = createHandler({ store, sitesDomain: "localhost" });
  const request = () => handler.fetch(new Request(`http://${host}${path}`, { headers: { host } }));
  await request();
  return await request(); // the second one is answered from memory
}

test("rules set, add and take off headers of files", async () => {
  const { headers } = await ask("/");
  expect(headers.get("cache-control")).toBe("max-age=9");
  expect(headers.get("x-robots-tag")).toBe("all");
  expect(headers.get("x-content-type-options")).toBeNull();
  expect(headers.get("vary")).toContain("Cookie");
  expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
});

test("a page for what is missing keeps its own caching", async () => {
  const { status, headers } = await ask("/nothing");
  expect(status).toBe(404);
  expect(headers.get("cache-control")).not.toBe("max-age=9");
  expect(headers.get("x-robots-tag")).toBe("all");
});

test("what is no production host stays out of search engines", async () => {
  expect((await ask("/", "branch--site.localhost")).headers.get("x-robots-tag")).toBe("noindex");
});

test("what rules add to one response has a limit, whatever the path that they put into it", () => {
  const headers = Array.from({ length: 5000 }, (_, n): HeaderRoute => {
    return { path: ["/", { rest: "splat" }], headers: [[`x-${n}`, [{ use: "splat" }]]], joins: true, origin };
  });
  const rules = siteRules({ redirects: [], rules: [], rewrites: [], headers });
  const changesFor = (path: string) =>
    headerChanges(rules, { method: "GET", path, query: "", headers: new Headers() })!.set;
  expect(changesFor(`/${"a".repeat(4000)}`).map(([name]) => name)).toEqual(
    Array.from({ length: 8 }, (_, n) => `x-${n}`),
  );
  expect(changesFor("/a").length).toBeLessThan(1000);
});

test("rules of which none matches cost one request no more than a share", () => {
  const rules: Route[] = Array.from({ length: 100_000 }, (_, n) => ({
    ...{ path: ["/", { rest: "splat" }], to: ["/x"], status: 302, forced: true, origin },
    when: [{ on: "query", name: `q${n}`, tests: [] }],
  }));
  const set = siteRules({ redirects: [], rules, rewrites: [], headers: [] }).rules;
  const numberFor = (query: string) =>
    set.first("/a", new RequestFacts({ query, headers: new Headers() }), newWork())?.number;
  expect(numberFor("?q40000=1")).toBe(40_000);
  expect(numberFor("?q99999=1")).toBeUndefined();
});
