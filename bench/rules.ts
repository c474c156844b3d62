/**
 * What rules cost a request that matches none of them: `resolve` with 2,000 static and 10,000 pattern rules against the
 * same site without rules, in nanoseconds of one decision. Rounds of the two take turns; the medians are compared.
 * The whole request is the measure of the goal, so the cost is also shown as a part of a whole in-process request.
 */
import { compileRules } from "../src/build/rules/compile.ts";
import { createHandler } from "../src/serve/handler.ts";
import { resolve } from "../src/serve/resolve.ts";
import { headerChanges } from "../src/serve/rules/headers.ts";
import { type SiteRules, siteRules } from "../src/serve/rules/site-rules.ts";
import { MemoryStore } from "../src/serve/testing/memory-store.ts";
import { ID, OTHER_ID, pointHost, publishSite } from "../src/serve/testing/publish-site.ts";
import { median, printTable, ratio } from "./support/report.ts";

const ROUNDS = 15;
const CALLS = 20_000;
const PATHS = ["/", "/about", "/docs/guide/start", "/assets/app.4f3a.js"];

const redirects = [
  ...Array.from({ length: 2000 }, (_, n) => `/static/page-${n} /new/${n} 301`),
  ...Array.from({ length: 5000 }, (_, n) => `/shop-${n}/:category/:item /store/:category/${n}/:item`),
  ...Array.from({ length: 3000 }, (_, n) => `/:lang/archive-${n}/* /:lang/past/:splat`),
  ...Array.from({ length: 2000 }, (_, n) => `/docs/old-${n}-* /docs/:splat`),
].join("\n");
const { routes, faults } = compileRules(
  { redirects: { file: "_redirects", text: redirects }, hasCloudflareMark: false },
  () => false,
);
if (routes === undefined || faults.length > 0) throw new Error("the rules do not compile");

const files = new Map(
  ["/index.html", "/about.html", "/docs/guide/start.html", "/assets/app.4f3a.js"].map((f) => [f, f]),
);
const headers = new Headers();
const decide = (routes: SiteRules | undefined) => {
  const site = { files, htmlHandling: "auto-trailing-slash" as const, notFoundHandling: "none" as const, routes };
  return () => {
    for (const path of PATHS) {
      const request = { method: "GET", path, query: "", headers };
      resolve(site, request);
      headerChanges(routes, request);
    }
  };
};

const store = new MemoryStore();
const contents = Object.fromEntries([...files.keys()].map((path) => [path.slice(1), "x".repeat(8192)]));
publishSite(store, contents);
publishSite(store, contents, { deployment: OTHER_ID, routes });
pointHost(store, "plain.localhost", { deployment: ID });
pointHost(store, "ruled.localhost", { deployment: OTHER_ID });
const handler = createHandler({ store, sitesDomain: "localhost" });
const ask = (host: string) => {
  const requests = PATHS.map((path) => new Request(`http://${host}${path}`, { headers: { host } }));
  return () => {
    for (const request of requests) handler.fetch(request);
  };
};
for (const host of ["plain.localhost", "ruled.localhost"]) {
  for (const path of PATHS) await handler.fetch(new Request(`http://${host}${path}`, { headers: { host } }));
}

const decisions = compare(decide(undefined), decide(siteRules(routes)));
const requests = compare(ask("plain.localhost"), ask("ruled.localhost"));
printTable("2,000 static and 10,000 pattern rules, a request that matches none", [
  ["decision without rules", `${decisions.without.toFixed(0)} ns`, ""],
  ["decision with rules", `${decisions.with.toFixed(0)} ns`, ""],
  ["request in the handler without rules", `${requests.without.toFixed(0)} ns`, ""],
  ["request in the handler with rules", `${requests.with.toFixed(0)} ns`, ""],
  ["time of a request with rules to one without", ratio(requests.with, requests.without), "at most 1.20 ×"],
]);
handler.close();

function compare(without: () => void, withRules: () => void): { without: number; with: number } {
  const times: { without: number[]; with: number[] } = { without: [], with: [] };
  for (const run of [without, withRules]) nanoseconds(run);
  for (let round = 0; round < ROUNDS; round += 1) {
    times.without.push(nanoseconds(without));
    times.with.push(nanoseconds(withRules));
  }
  return { without: median(times.without), with: median(times.with) };
}

function nanoseconds(run: () => void): number {
  const rounds = CALLS / PATHS.length;
  const start = Bun.nanoseconds();
  for (let n = 0; n < rounds; n += 1) run();
  return (Bun.nanoseconds() - start) / CALLS;
}
