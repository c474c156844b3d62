import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { newRepository } from "../support/repositories.ts";

/** Packages come through the platform's own cache, whatever package manager asks for them. */
describe("package cache", () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startPlatform();
  }, 120_000);
  afterAll(async () => {
    await platform.stop();
    await removeDataDirectory(platform.dataDirectory);
  }, 30_000);

  const buildWith = (dependency: string) => `import "${dependency}";
import { mkdirSync, writeFileSync } from "node:fs";
mkdirSync("dist", { recursive: true });
writeFileSync("dist/index.html", "<h1>built</h1>");
`;
  const kept = async () => {
    const names = await readdir(join(platform.dataDirectory, "packages"), { recursive: true }).catch(() => []);
    return names.filter((name) => /^..\/[0-9a-f]{64}$/.test(name)).length;
  };

  test.each([
    ["npm", "npm@11.21.2", "is-number"],
    ["pnpm", "pnpm@10.34.8", "ms"],
    ["old-pnpm", "pnpm@7.33.7", "kleur"],
    ["yarn", "yarn@1.22.22", "picocolors"],
    ["modern-yarn", "yarn@4.9.1", "clsx"],
    ["bun", "bun@1.4.5", "escape-html"],
  ])(
    "%s installs through it",
    async (name, packageManager, dependency) => {
      const before = await kept();
      const files = {
        "package.json": JSON.stringify({
          name: "site",
          private: true,
          packageManager,
          scripts: { build: "node build.mjs" },
          dependencies: { [dependency]: "*" },
        }),
        "build.mjs": buildWith(dependency),
        ...(name === "modern-yarn" ? { ".yarnrc.yml": "nodeLinker: node-modules\n" } : {}),
      };
      const repository = await newRepository(name, files);
      const deployment = await deployAndWait(platform, { source: repository.path });
      const log = await logOf(platform, deployment.id);
      expect([deployment.error, deployment.status, log]).toEqual([null, "ready", expect.anything()]);
      // pnpm 7 says of each package that it can't be linked, if it is let try.
      expect(log).not.toContain("EXDEV");
      expect(await (await platform.site(`${name}.localhost`, "/")).text()).toBe("<h1>built</h1>");
      // Its packument and its archive.
      expect(await kept()).toBeGreaterThanOrEqual(before + 2);
      await repository.remove();
    },
    180_000,
  );

  const OWN = "https://npm.corp.invalid/";
  test.each([
    ["npm", "npm@11.21.2", ".npmrc", `registry=${OWN}\n`],
    ["pnpm", "pnpm@10.34.8", ".npmrc", `registry=${OWN}\n`],
    ["yarn", "yarn@1.22.22", ".npmrc", `registry=${OWN}\n`],
    ["modern-yarn", "yarn@4.9.1", ".yarnrc.yml", `npmRegistryServer: "${OWN}"\n`],
    ["bun", "bun@1.4.5", "bunfig.toml", `[install]\nregistry = "${OWN}"\n`],
  ])(
    "%s asks the project's own default registry and no other, as far as the policy lets it",
    async (name, packageManager, file, text) => {
      const files = {
        "package.json": JSON.stringify({
          name: "site",
          private: true,
          packageManager,
          scripts: { build: "node build.mjs" },
          dependencies: { "is-odd": "*" },
        }),
        "build.mjs": buildWith("is-odd"),
        [file]: text,
      };
      const before = await kept();
      const repository = await newRepository(`own-${name}`, files);
      const deployment = await deployAndWait(platform, { source: repository.path });
      expect([deployment.status, deployment.error?.code]).toEqual(["failed", "network_refused"]);
      expect(deployment.error?.message).toContain("npm.corp.invalid");
      expect(deployment.contacted.map(({ host, refused }) => [host, refused])).toEqual([["npm.corp.invalid", true]]);
      expect(await kept()).toBe(before);
      await repository.remove();
    },
    180_000,
  );

  test("npm's own default that a project writes out is the operator's registry", async () => {
    const unconfigured = { npm_config_userconfig: "/nonexistent/user", npm_config_globalconfig: "/nonexistent/global" };
    const asked = Bun.spawn(["npm", "config", "get", "registry"], {
      cwd: "/",
      env: { PATH: Bun.env.PATH, HOME: Bun.env.HOME, ...unconfigured },
    });
    const registry = (await new Response(asked.stdout).text()).trim();
    const files = {
      "package.json": JSON.stringify({ name: "site", private: true, scripts: { build: "sh build.sh" } }),
      "build.sh": "mkdir dist && npm config get registry > dist/index.html\n",
      ".npmrc": `registry=${registry}\n`,
    };
    const repository = await newRepository("written-out", files);
    const deployment = await deployAndWait(platform, { source: repository.path });
    expect([deployment.error, deployment.status]).toEqual([null, "ready"]);
    expect(await (await platform.site("written-out.localhost", "/")).text()).toStartWith("http://127.0.0.1:");
    await repository.remove();
  }, 120_000);
});
