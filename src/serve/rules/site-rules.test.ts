import { expect, test } from "bun:test";
import type { Condition, Routes } from "../../model/routes.ts";
import { createHandler } from "../handler.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { pointHost, publishSite } from "../testing/publish-site.ts";
import { fieldsLookedAt, siteRules } from "./site-rules.ts";

const origin = { file: "_redirects", line: 1 };
const rule = (path: string, ...when: Condition[]) => ({
  path: [path],
  to: ["/a.txt"],
  status: 200,
  forced: true as const,
  when,
  origin,
});
const routes: Routes = {
  redirects: [],
  rules: [
    rule("/language", { on: "language", values: ["de"] }),
    rule("/cookies", { on: "cookies", values: ["c"] }),
    rule("/query", { on: "query", name: "q", tests: [] }),
    rule("/host", { on: "host", name: "", tests: [] }),
    rule("/several", { on: "header", name: "X-Country", tests: [] }),
    rule("/several", { on: "cookie", name: "c", tests: [] }),
    rule("/plain"),
  ],
  rewrites: [],
  headers: [{ path: ["/headed"], headers: [["x-a", ["b"]]], when: [{ on: "header", name: "X-B", tests: [] }], origin }],
};

test.each([
  ["/language", ["accept-language", "cookie"]],
  ["/cookies", ["cookie"]],
  ["/query", []],
  ["/host", []],
  ["/several", ["cookie", "x-country"]],
  ["/plain", []],
  ["/headed", ["x-b"]],
  ["/elsewhere", []],
  ["/%zz", []],
])("rules near %s look at %p", (path, fields) => {
  expect(fieldsLookedAt(siteRules(routes), path)).toEqual(fields);
  expect(fieldsLookedAt(undefined, path)).toEqual([]);
});

test("what depends on a field says so, whether or not the rule matched", async () => {
  const store = new MemoryStore();
  publishSite(store, { "a.txt": { identity: "a", gzip: Bun.gzipSync("a") }, "language.html": "page" }, { routes });
  pointHost(store, "site.localhost");
  const handler = createHandler({ store, sitesDomain: "localhost" });
  const vary = async (path: string, headers: Record<string, string> = {}) => {
    const request = new Request(`http://site.localhost${path}`, { headers: { host: "site.localhost", ...headers } });
    return (await handler.fetch(request)).headers.get("vary");
  };
  expect(await vary("/language", { "accept-language": "de" })).toBe("Accept-Encoding, accept-language, cookie");
  expect(await vary("/language")).toBe("accept-language, cookie");
  expect(await vary("/plain")).toBe("Accept-Encoding");
  handler.close();
});
