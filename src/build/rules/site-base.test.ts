import { expect, test } from "bun:test";
import { sha256 } from "../../model/ids.ts";
import { resolve } from "../../serve/resolve.ts";
import { siteRules } from "../../serve/rules/site-rules.ts";
import { rulesOf } from "./read-rules.ts";

async function routesOf(files: Record<string, string>) {
  const bytes = (path: string) => new TextEncoder().encode(files[path]);
  const output = {
    has: (path: string) => path in files,
    blobOf: (path: string) => (path in files ? { hash: sha256(bytes(path)), size: bytes(path).byteLength } : undefined),
    bytesOf: async (path: string) => bytes(path),
  };
  const { routes } = await rulesOf({ netlify: undefined, vercel: undefined, hasCloudflareMark: false }, output, {});
  return routes;
}

const built = {
  "index.html": '<script src="/boats/app.js"></script>',
  "app.js": "",
  "about.html": "",
  "css/index.html": "",
};

const NAVIGATION = new Headers({ accept: "text/html", "sec-fetch-mode": "navigate" });

test.each([
  ["/boats/app.js", "200 /app.js"],
  ["/boats/", "200 /index.html"],
  ["/boats", "200 /index.html"],
  ["/boats/about", "200 /about.html"],
  ["/boats/css/", "200 /css/index.html"],
  ["/app.js", "200 /app.js"],
  ["/boats/old", "301 -> /"],
  ["/boats/none", "200 /index.html"],
])("a site that was built for a folder of its host is shown below that, too: %s", async (path, answer) => {
  const files = new Map(Object.keys(built).map((file) => [`/${file}`, `/${file}`]));
  const routes = siteRules((await routesOf({ ...built, _redirects: "/boats/old /\n" }))!);
  const site = {
    files,
    htmlHandling: "auto-trailing-slash",
    notFoundHandling: "single-page-application",
    singlePage: "/index.html",
    routes,
  } as const;
  const decision = resolve(site, { method: "GET", path, query: "", host: "site.example", headers: NAVIGATION });
  const given = decision.kind === "serve" ? `${decision.status} ${decision.file}` : decision.kind;
  expect(decision.kind === "redirect" ? `${decision.status} -> ${decision.location}` : given).toBe(answer);
});

test("others get no rule for it", async () => {
  expect(await routesOf({ ...built, "app.js.map": "", "boats/app.js": "" })).toBeUndefined();
  expect(await routesOf({ ...built, "index.html": '<script src="/app.js"></script>' })).toBeUndefined();
  expect(await routesOf({ "app.js": "" })).toBeUndefined();
});
