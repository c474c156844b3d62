import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRegistries } from "./registries.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "berth-registries-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const askNpm = async (name: string) => (name === "registry" ? "https://default.example/" : join(home, "global"));
const read = (variables: Record<string, string> = {}) => readRegistries({ home, variables, askNpm });

test("without any configuration npm's own default holds", async () => {
  expect(await read()).toEqual({
    registry: "https://default.example/",
    hosts: [{ host: "default.example", port: 443, plain: false }],
    npmrcLines: ["registry=https://default.example/"],
  });
});

test("environment, user's file, global file: in this order", async () => {
  await writeFile(join(home, "global"), "registry=https://global.example/\ncafile=/etc/ca.pem\n");
  expect((await read()).registry).toBe("https://global.example/");
  await writeFile(join(home, ".npmrc"), "registry = http://localhost:4873\n");
  const fromUser = await read();
  expect(fromUser.registry).toBe("http://localhost:4873/");
  expect(fromUser.hosts).toEqual([{ host: "localhost", port: 4873, plain: true }]);
  expect(fromUser.caFile).toBe("/etc/ca.pem");
  expect((await read({ NPM_CONFIG_REGISTRY: "https://variable.example/npm" })).registry).toBe(
    "https://variable.example/npm",
  );
});

test("scoped registries come along; tokens and users do not", async () => {
  await writeFile(
    join(home, ".npmrc"),
    [
      `@scope:registry=https://user:secret@scope.example/${"$"}{PLACE}/`,
      "//scope.example/:_authToken=secret",
      "registry=https://user:secret@main.example/",
    ].join("\n"),
  );
  const found = await read({ PLACE: "here" });
  expect(found.npmrcLines).toEqual(["registry=https://main.example/", "@scope:registry=https://scope.example/here/"]);
  expect(found.hosts.map(({ host }) => host)).toEqual(["main.example", "scope.example"]);
  expect(JSON.stringify(found)).not.toContain("secret");
});

test("yarn's own files name hosts", async () => {
  await writeFile(join(home, ".yarnrc"), 'registry "https://classic.example"\n');
  await writeFile(join(home, ".yarnrc.yml"), 'npmScopes:\n  a:\n    npmRegistryServer: "https://modern.example"\n');
  expect((await read()).hosts.map(({ host }) => host)).toEqual([
    "default.example",
    "classic.example",
    "modern.example",
  ]);
});
