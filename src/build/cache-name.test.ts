import { expect, test } from "bun:test";
import { installName, workFolders, workName } from "./cache-name.ts";
import { buildPlan, type Sources, sourceOf } from "./plan/testing/in-memory-source.ts";

const tools = { node: "24.1.0", npm: "11.0.0" };
const site = (change: Sources = {}, scripts: Record<string, string> = {}): Sources => ({
  "package.json": { scripts: { build: "vite build", ...scripts }, dependencies: { vite: "^7" } },
  "package-lock.json": { lockfileVersion: 3 },
  "src/main.js": "1",
  ...change,
});
const nameOf = async (
  sources: Sources,
  versions: Record<string, string> = tools,
  told: Record<string, object> = {},
) => {
  const { tree } = sourceOf(sources);
  const manifests = Object.entries(sources)
    .filter(([path]) => path.split("/").at(-1) === "package.json")
    .map(([, content]) => (typeof content === "string" ? content : JSON.stringify(content)));
  const variables = { install: {}, build: {}, ...told };
  return installName({ entries: tree.entries, plan: await buildPlan(sources), tools: versions, variables, manifests });
};

test("a changed source file needs no other install", async () => {
  expect(await nameOf(site({ "src/main.js": "2" }))).toBe((await nameOf(site()))!);
  expect(await nameOf(site({}, { prepare: "husky" }))).toBeDefined();
});

test.each<[string, Sources]>([
  ["a lockfile", { "package-lock.json": { lockfileVersion: 2 } }],
  ["an .npmrc", { ".npmrc": "legacy-peer-deps=true" }],
  ["a patch", { "patches/vite.patch": "x" }],
  ["a package.json below", { "packages/a/package.json": {} }],
  ["a schema that a client is made from", { "prisma/schema.prisma": "x" }],
])("%s that changed needs another install", async (_, change) => {
  expect(await nameOf(site(change))).not.toBe((await nameOf(site()))!);
});

test("another tool or variable needs another install", async () => {
  for (const step of ["install", "build"])
    expect(await nameOf(site(), tools, { [step]: { TOKEN: "x" } })).not.toBe((await nameOf(site()))!);
  expect(await nameOf(site(), { ...tools, node: "24.2.0" })).not.toBe((await nameOf(site()))!);
});

test("paths that are no dependencies don't count", async () => {
  const fields = { main: "./index.js", files: ["../x"], dependencies: { b: "workspace:*", c: "owner/c" } };
  expect(await nameOf(site({ "packages/a/package.json": fields }))).toBeDefined();
});

test.each<[string, Sources]>([
  ["no lockfile", { "package.json": { scripts: { build: "vite build" } } }],
  ["scripts of its own", site({}, { postinstall: "node make.js" })],
  ["scripts of a workspace's own", site({ "packages/a/package.json": { scripts: { prepare: "tsc" } } })],
  ["a folder that is copied", site({ "packages/a/package.json": { dependencies: { b: "file:../b" } } })],
  ["a folder by its path", site({ "packages/a/package.json": { dependencies: { b: "./lib/b" } } })],
  ["a folder beside, by its path", site({ "packages/a/package.json": { devDependencies: { b: "../b" } } })],
  ["a folder in place of a package", site({ "packages/a/package.json": { overrides: { a: { b: "../b" } } } })],
  ["pnpm's hooks", site({ ".pnpmfile.cjs": "module.exports = require('./hooks.cjs')" })],
  ["pnpm's hooks as a module", site({ ".pnpmfile.mjs": "export const hooks = {}" })],
  ["a package.json that can't be read", site({ "packages/a/package.json": "{" })],
])("%s: the install has to run", async (_, sources) => {
  expect(await nameOf(sources)).toBeUndefined();
});

test("the work of a site in a folder is its own", async () => {
  const whole = await buildPlan(site());
  expect(workFolders({ root: "web", workspaceRoot: "." })).toContain("web/.next/cache");
  expect(workFolders({ root: "web", workspaceRoot: "." })).toContain("node_modules/.cache");
  const name = workName(whole, { tools, variables: {} });
  expect(workName({ ...whole, root: "web" }, { tools, variables: {} })).not.toBe(name);
  expect(workName(whole, { tools, variables: { KEY: "secret" } })).not.toBe(name);
  expect(workName(whole, { tools: { ...tools, node: "24.9.9" }, variables: {} })).toBe(name);
});
