import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheBase, homeFiles, isOwnRegistry, readRegistries, throughCache } from "./registries.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "berth-registries-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const askNpm = async (name: string) => (name === "registry" ? "https://default.example/" : join(home, "global"));
const askDefault = async () => "https://default.example/";
const readAll = (variables: Record<string, string> = {}) => readRegistries({ home, variables, askNpm, askDefault });
const read = async (variables: Record<string, string> = {}) => (await readAll(variables)).configuration;

test("without any configuration npm's own default holds", async () => {
  expect(await read()).toEqual({
    registry: "https://default.example/",
    standsFor: ["https://default.example/"],
    hosts: [{ host: "default.example", port: 443, plain: false }],
    npmrcLines: ["registry=https://default.example/"],
  });
});

test("npm is asked for the registry only where what is configured can't be read", async () => {
  const questions: string[] = [];
  const counting = async (name: string) => {
    questions.push(name);
    return name === "registry" ? "https://told.example/" : join(home, "global");
  };
  const ask = async () => (await readRegistries({ home, variables: {}, askNpm: counting, askDefault })).configuration;
  expect((await ask()).registry).toBe("https://default.example/");
  await writeFile(join(home, ".npmrc"), "registry=https://user.example/\n");
  expect((await ask()).registry).toBe("https://user.example/");
  await writeFile(join(home, ".npmrc"), "registry=a/path\n");
  expect((await ask()).registry).toBe("https://told.example/");
  expect(questions).toEqual(["globalconfig", "globalconfig", "globalconfig", "registry"]);
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

test("credentials are for the platform alone, each for the URLs that it was given for", async () => {
  await writeFile(
    join(home, ".npmrc"),
    [
      `//main.example/:_authToken=${"$"}{TOKEN}`,
      "//scope.example/npm/:username=me",
      `//scope.example/npm/:_password=${"$"}{PASSWORD}`,
      "//other.example:_auth=YTpi",
      "registry=https://user:p%40ss@main.example/here",
    ].join("\n"),
  );
  const { access, configuration } = await readAll({ TOKEN: "t0ken", PASSWORD: btoa("secret") });
  expect(access.credentials).toEqual([
    { prefix: "//main.example/", authorization: "Bearer t0ken" },
    { prefix: "//scope.example/npm/", authorization: `Basic ${btoa("me:secret")}` },
    { prefix: "//other.example/", authorization: "Basic YTpi" },
    { prefix: "//main.example/here/", authorization: `Basic ${btoa("user:p@ss")}` },
  ]);
  expect(JSON.stringify(configuration)).not.toMatch(/t0ken|p@ss|YTpi|p%40ss/);
  const inVariable = await readAll({ "npm_config_//host.example/:_authToken": "Aa_b" });
  expect(inVariable.access.credentials).toContainEqual({ prefix: "//host.example/", authorization: "Bearer Aa_b" });
});

test("behind the cache every registry is the cache, and lockfiles still reach the hosts they name", async () => {
  await writeFile(join(home, ".npmrc"), "@scope:registry=http://localhost:24873/\n");
  const { configuration, access } = await readAll();
  expect(access.scopes).toEqual({ "@scope": "http://localhost:24873/" });
  const base = cacheBase(configuration);
  expect(base).toBe("http://127.0.0.1:24874/");
  const seen = throughCache(configuration, { base, socket: "/a/socket" });
  expect(seen.registry).toBe(base);
  expect(seen.npmrcLines).toEqual([`registry=${base}`, `@scope:registry=${base}`]);
  expect(seen.hosts).toEqual([
    ...configuration.hosts,
    { host: "127.0.0.1", port: 24874, plain: true, socket: "/a/socket" },
  ]);
});

test("a project's registry is its own unless the operator's stands for it", async () => {
  await writeFile(join(home, ".npmrc"), "registry=https://main.example/npm/\n");
  const { configuration } = await readAll();
  const base = cacheBase(configuration);
  for (const seen of [configuration, throughCache(configuration, { base, socket: "/a/socket" })]) {
    expect(isOwnRegistry([], seen)).toBe(false);
    expect(isOwnRegistry(["http://default.example", "https://MAIN.example/npm"], seen)).toBe(false);
    const mirrors = [
      "https://registry.yarnpkg.com",
      "http://registry.npmmirror.com/",
      "https://registry.npm.taobao.org",
    ];
    expect(isOwnRegistry(mirrors, seen)).toBe(false);
    for (const own of [
      "https://registry.npmmirror.com/@corp",
      "https://registry.npmmirror.com.example/",
      "https://main.example/other/",
      "https://corp.example/",
      `${"$"}{REGISTRY}`,
      "https://",
    ]) {
      expect([own, isOwnRegistry(["https://default.example/", own], seen)]).toEqual([own, true]);
    }
  }
});

test("the home folder names the registry to every package manager", () => {
  const configuration = { registry: "http://127.0.0.1:1/", hosts: [], npmrcLines: ["a=b", "c=d"] };
  expect(homeFiles(configuration)).toEqual({
    ".npmrc": "a=b\nc=d\n",
    ".yarnrc.yml": 'npmRegistryServer: "http://127.0.0.1:1/"\nunsafeHttpWhitelist:\n  - "127.0.0.1"\n',
  });
  expect(homeFiles({ registry: "", hosts: [], npmrcLines: [] })).toEqual({ ".npmrc": "", ".yarnrc.yml": "" });
});
