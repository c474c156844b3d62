import { afterAll, beforeAll, expect, test } from "bun:test";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { newRepository, type TestRepository } from "../support/repositories.ts";

/** A package that has to be compiled, as those do that have no ready files for this machine. */
const ADDON = {
  "addon/package.json": JSON.stringify({ name: "addon", version: "1.0.0", gypfile: true, main: "index.js" }),
  "addon/index.js": 'module.exports = require("./build/Release/addon.node");\n',
  "addon/binding.gyp": JSON.stringify({ targets: [{ target_name: "addon", sources: ["addon.c"] }] }),
  "addon/addon.c": `#include <node_api.h>
static napi_value answer(napi_env env, napi_callback_info info) {
  napi_value number;
  napi_create_int32(env, 42, &number);
  return number;
}
NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "answer", NAPI_AUTO_LENGTH, answer, 0, &function);
  return function;
}
`,
};
const BUILD = `const { mkdirSync, writeFileSync } = require("node:fs");
mkdirSync("dist");
writeFileSync("dist/index.html", "the answer of " + process.version.split(".")[0] + " is " + require("addon")());
`;

let platform: TestPlatform;
const repositories: TestRepository[] = [];
beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(async () => {
  await platform.stop();
  for (const repository of repositories) await repository.remove();
  await removeDataDirectory(platform.dataDirectory);
}, 30_000);

test.each([16, 24])(
  "a native module is compiled for Node %d with that Node's own headers, and nothing is asked of the network for them",
  async (node) => {
    const repository = await newRepository(`native-${node}`, {
      "package.json": JSON.stringify({ scripts: { build: "node build.cjs" }, dependencies: { addon: "file:./addon" } }),
      "build.cjs": BUILD,
      ".nvmrc": `${node}\n`,
      ...ADDON,
    });
    repositories.push(repository);
    const { id, url, error, contacted } = await deployAndWait(platform, { source: repository.path });
    if (error !== null) throw new Error(`${error.message}\n${await logOf(platform, id)}`);
    expect(await (await platform.site(new URL(url).host, "/")).text()).toBe(`the answer of v${node} is 42`);
    expect(contacted.map(({ host }) => host)).not.toContain("nodejs.org");
  },
  180_000,
);
