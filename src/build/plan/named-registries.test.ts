import { expect, test } from "bun:test";
import { buildPlan } from "./testing/in-memory-source.ts";

const OWN = "https://npm.corp.example/path";

test.each([
  [".npmrc", `registry=${OWN}`],
  [".npmrc", `; a comment\r\n registry = "${OWN}"\r\n`],
  [".yarnrc", `registry "${OWN}"`],
  [".yarnrc", `"registry" "${OWN}"`],
  [".yarnrc.yml", `nodeLinker: node-modules\nnpmRegistryServer: "${OWN}"\n`],
  ["bunfig.toml", `[install]\nregistry = "${OWN}"`],
  ["bunfig.toml", `[install]\nregistry = { token = "t", url = "${OWN}" }`],
  ["pnpm-workspace.yaml", `packages:\n  - .\nregistry: ${OWN}\n`],
  ["pnpm-workspace.yaml", `registries:\n  '@a': https://a.example\n  default: ${OWN}\n`],
])("%s names the default registry: %p", async (file, text) => {
  const { registries } = await buildPlan({ "package.json": { scripts: { build: "x" } }, [file]: text });
  expect(registries).toEqual([OWN]);
});

test.each([
  [".npmrc", "@corp:registry=https://npm.corp.example\n#registry=https://npm.corp.example\nstrict-ssl=true"],
  [".yarnrc", '"@corp:registry" "https://npm.corp.example"'],
  [".yarnrc.yml", "npmScopes:\n  corp:\n    npmRegistryServer: https://npm.corp.example\n"],
  ["bunfig.toml", '[install.scopes]\ncorp = "https://npm.corp.example"\n'],
  ["pnpm-workspace.yaml", "registries:\n  '@corp': https://npm.corp.example\ncatalogs:\n  default: {}\n"],
])("%s names one for a scope alone: %p", async (file, text) => {
  const { registries } = await buildPlan({ "package.json": { scripts: { build: "x" } }, [file]: text });
  expect(registries).toEqual([]);
});

test("files of the site's folder and of every folder above it count", async () => {
  const plan = await buildPlan(
    {
      "package.json": { workspaces: ["apps/*"] },
      "package-lock.json": "{}",
      ".npmrc": "registry=https://top.example",
      "apps/.npmrc": "registry=https://between.example",
      "apps/site/package.json": { scripts: { build: "x" } },
      "apps/site/.npmrc": "registry=https://site.example",
      "apps/other/.npmrc": "registry=https://other.example",
    },
    { root: "apps/site" },
  );
  expect(plan.registries).toEqual(["https://top.example", "https://between.example", "https://site.example"]);
});
