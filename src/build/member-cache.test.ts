import { expect, test } from "bun:test";
import { membersName } from "./member-cache.ts";
import { buildPlan, type Sources, sourceOf } from "./plan/testing/in-memory-source.ts";

const member = (dependencies: Record<string, string> = {}) => ({ scripts: { build: "tsc" }, dependencies });
const workspace = (change: Sources = {}): Sources => ({
  "package.json": { private: true },
  "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n",
  "pnpm-lock.yaml": "lockfileVersion: '9.0'",
  "packages/ui/package.json": { name: "ui", ...member() },
  "packages/ui/src/index.ts": "export {};",
  "apps/web/package.json": { name: "web", ...member({ ui: "workspace:*" }) },
  "apps/web/src/main.ts": "1",
  ...change,
});
const nameOf = async (sources: Sources, change: { tools?: Record<string, string>; production?: boolean } = {}) => {
  const source = sourceOf(sources);
  const plan = await buildPlan(sources, { root: "apps/web" });
  const variables = { install: {}, build: {} };
  return await membersName({ ...source, plan, tools: { node: "24.1.0" }, variables, production: true, ...change });
};

test("a change of the site alone needs no other members", async () => {
  expect(await nameOf(workspace())).toBeDefined();
  expect(await nameOf(workspace({ "apps/web/src/main.ts": "2" }))).toBe((await nameOf(workspace()))!);
});

test.each<[string, Sources]>([
  ["a file of a member", { "packages/ui/src/index.ts": "export default 1;" }],
  ["a file of another member", { "packages/other/index.ts": "1" }],
  ["a file at the top", { "tsconfig.base.json": "{}" }],
  ["the site's package.json", { "apps/web/package.json": { name: "web", ...member({ ui: "workspace:^" }) } }],
])("%s that changed needs others", async (_, change) => {
  const name = await nameOf(workspace(change));
  expect(name).toBeDefined();
  expect(name).not.toBe((await nameOf(workspace()))!);
});

test("so do other tools and the other context", async () => {
  const names = [
    await nameOf(workspace()),
    await nameOf(workspace(), { tools: { node: "24.2.0" } }),
    await nameOf(workspace(), { production: false }),
  ];
  expect(new Set(names).size).toBe(3);
});

test.each<[string, Sources]>([
  ["styles for all apps", { "packages/ui/tailwind.config.js": 'export default { content: ["../../apps/**/*.tsx"] };' }],
  ["a folder by its parts", { "packages/ui/build.mjs": 'join(root, "apps", "web")' }],
  ["a path from the top", { "packages/ui/build.mjs": "read('apps/web/pages')" }],
  [
    "a member that the site is used by",
    { "packages/ui/package.json": { name: "ui", ...member({ web: "workspace:*" }) } },
  ],
  ["a shell of its own", { ".npmrc": "script-shell=bash" }],
  ["a shell that pnpm has", { "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\nshellEmulator: true\n" }],
  ["the commit, as the host tells it", { "packages/ui/build.mjs": "console.log(process.env.COMMIT_REF)" }],
  ["the commit, as git tells it", { "packages/ui/build.mjs": 'execFileSync("git", ["rev-parse", "HEAD"])' }],
  ["no member with a build", { "packages/ui/package.json": { name: "ui" } }],
])("%s: nothing is kept", async (_, change) => {
  expect(await nameOf(workspace(change))).toBeUndefined();
});

test("a name that only begins like the site's folder is another one", async () => {
  expect(
    await nameOf(workspace({ "packages/ui/build.mjs": 'read("../../apps-text/a", "appsettings")' })),
  ).toBeDefined();
});
