import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { newRepository, type TestRepository } from "../support/repositories.ts";

/** What a source asks for, as its build meets it behind the wall. */
describe("what a source asks for", () => {
  let platform: TestPlatform;
  const repositories: TestRepository[] = [];
  beforeAll(async () => {
    platform = await startPlatform();
  }, 120_000);
  afterAll(async () => {
    await platform.stop();
    for (const repository of repositories) await repository.remove();
    await removeDataDirectory(platform.dataDirectory);
  }, 30_000);

  async function deploy(name: string, files: Record<string, string | object>, more: Record<string, unknown> = {}) {
    const texts = Object.entries(files).map(([path, text]) => [
      path,
      typeof text === "string" ? text : JSON.stringify(text),
    ]);
    const repository = await newRepository(name, Object.fromEntries(texts));
    repositories.push(repository);
    return await deployAndWait(platform, { source: repository.path, ...more });
  }
  const page = async (url: string) => (await platform.site(new URL(url).host, "/")).text();

  const WRITE = "import { mkdirSync, writeFileSync } from 'node:fs'; mkdirSync('dist', { recursive: true });";
  const site = (dependencies: object = {}) => ({
    "package.json": { name: "web", private: true, scripts: { build: "node build.mjs" }, dependencies },
    "build.mjs": `${WRITE} import { tide } from 'ui'; writeFileSync('dist/index.html', tide);`,
    "index.html": "<p>",
  });

  test("the members of a workspace that a site uses are built before it", async () => {
    const web = Object.entries({ ...site({ ui: "*", vite: "7.0.0" }) }).map(([path, text]) => [
      `apps/web/${path}`,
      text,
    ]);
    const deployment = await deploy(
      "islands",
      {
        "package.json": { private: true, workspaces: ["apps/*", "packages/*"] },
        "packages/ui/package.json": { name: "ui", main: "made.mjs", scripts: { build: "node make.mjs" } },
        "packages/ui/make.mjs":
          "import { writeFileSync } from 'node:fs'; writeFileSync('made.mjs', 'export const tide = \"high\";');",
        ...Object.fromEntries(web),
      },
      {},
    );
    expect(deployment.error).toBeNull();
    expect(await page(deployment.url)).toBe("high");
    expect(await logOf(platform, deployment.id)).toContain("The site is taken to be in 'apps/web'");
  }, 120_000);

  test("an old Node, another package manager in a script, and Corepack's place", async () => {
    const build = "corepack enable && yarn --version && node build.mjs";
    const deployment = await deploy("lighthouse", {
      "package.json": { private: true, scripts: { build } },
      ".nvmrc": "14",
      "build.mjs": `${WRITE} writeFileSync('dist/index.html', process.version);`,
    });
    expect(deployment.error).toBeNull();
    expect(await page(deployment.url)).toMatch(/^v16\./);
    expect(await logOf(platform, deployment.id)).toMatch(
      /\.nvmrc asks for Node 14.*Node 16 is the nearest[\s\S]*^1\.22\.\d+$/m,
    );
  }, 120_000);

  test.each([
    ["npm-eleven", "package-lock.json", NPM_LOCKFILE, "npm 11."],
    ["yarn-one", "yarn.lock", YARN_1_LOCKFILE, "yarn 1.22."],
    ["yarn-three", "yarn.lock", YARN_3_LOCKFILE, "yarn 3."],
    ["bun-one", "bun.lock", BUN_LOCKFILE, "bun 1."],
  ])(
    "%s: the lockfile is kept to, wherever its packages were, and Plug'n'Play runs",
    async (name, file, lockfile, version) => {
      const deployment = await deploy(name, {
        "package.json": { name: "g", scripts: { build: "node build.js" }, dependencies: { ms: "2.1.3" } },
        [file]: lockfile,
        "build.js":
          "const { mkdirSync, writeFileSync } = require('fs'); mkdirSync('dist'); writeFileSync('dist/index.html', require('ms')(1000));",
      });
      expect(deployment.error).toBeNull();
      expect(await page(deployment.url)).toBe("1s");
      expect(await logOf(platform, deployment.id)).toContain(version);
      expect(deployment.warnings).toEqual([]);
    },
    120_000,
  );

  const MIRROR = "https://registry.npmmirror.com/";
  test.each<[string, Record<string, string>]>([
    ["mirror-npm", { ".npmrc": `registry=${MIRROR}\n` }],
    ["mirror-pnpm", { ".npmrc": `registry=${MIRROR}\n`, "pnpm-workspace.yaml": "packages: []\n" }],
    ["mirror-yarn-one", { ".yarnrc": `registry "${MIRROR}"\n`, "yarn.lock": YARN_1_LOCKFILE }],
    ["mirror-yarn-three", { ".yarnrc.yml": `npmRegistryServer: "${MIRROR}"\n`, "yarn.lock": YARN_3_LOCKFILE }],
    ["mirror-bun", { "bunfig.toml": `[install]\nregistry = "${MIRROR}"\n`, "bun.lock": BUN_LOCKFILE }],
  ])(
    "%s: packages of a public mirror come from the platform's registry",
    async (name, files) => {
      const deployment = await deploy(name, {
        ...files,
        "package.json": { name: "g", scripts: { build: "node build.js" }, dependencies: { ms: "2.1.3" } },
        "build.js":
          "const { mkdirSync, writeFileSync } = require('fs'); mkdirSync('dist'); writeFileSync('dist/index.html', require('ms')(1000));",
      });
      expect(deployment.error).toBeNull();
      expect(await page(deployment.url)).toBe("1s");
      expect(deployment.contacted.filter(({ host }) => MIRROR.includes(host))).toEqual([]);
    },
    120_000,
  );

  test.each<[string, string, Record<string, string | object>, string]>([
    [
      "stale-npm",
      "package-lock.json",
      { "package-lock.json": { name: "g", lockfileVersion: 3, requires: true, packages: { "": { name: "g" } } } },
      "npm install",
    ],
    ["torn-npm", "package-lock.json", { "package-lock.json": '{ "lockfileVersion": 3,' }, "npm install"],
    [
      "stale-pnpm",
      "pnpm-lock.yaml",
      { "pnpm-lock.yaml": "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n" },
      "pnpm install --no-frozen-lockfile",
    ],
    ["stale-yarn-one", "yarn.lock", { "yarn.lock": "# yarn lockfile v1\n\n\n" }, "yarn install"],
    [
      "stale-yarn-three",
      "yarn.lock",
      { "yarn.lock": YARN_3_LOCKFILE.replaceAll("2.1.3", "2.1.2") },
      "yarn install --no-immutable",
    ],
    [
      "stale-bun",
      "bun.lock",
      { "bun.lock": { lockfileVersion: 1, workspaces: { "": { name: "g" } }, packages: {} } },
      "bun install",
    ],
  ])(
    "%s: a lockfile that does not fit package.json is named, and brought up to date for this build",
    async (name, lockfile, files, command) => {
      const deployment = await deploy(name, {
        ...files,
        "package.json": { name: "g", scripts: { build: "node build.js" }, dependencies: { ms: "2.1.3" } },
        "build.js":
          "const { mkdirSync, writeFileSync } = require('fs'); mkdirSync('dist'); writeFileSync('dist/index.html', require('ms')(1000));",
      });
      expect(deployment.error).toBeNull();
      expect(await page(deployment.url)).toBe("1s");
      expect(deployment.warnings).toEqual([expect.stringContaining(`${lockfile} does not fit package.json`)]);
      expect(await logOf(platform, deployment.id)).toMatch(new RegExp(`^\\$ ${command}$`, "m"));
      // The next one is told the same: what was installed is not taken for what the lockfile says.
      const repository = repositories.at(-1)!;
      await repository.commit({ "note.txt": "x" });
      const again = await deployAndWait(platform, { source: repository.path });
      expect(again.reused).toBe(false);
      expect(again.warnings).toEqual(deployment.warnings);
    },
    120_000,
  );

  test("a failed install names its cause, and what to do", async () => {
    const deployment = await deploy("wreck", {
      "package.json": { name: "a", private: true, scripts: { build: "x" }, dependencies: { ms: "2.1.2" } },
      "package-lock.json": { name: "a", lockfileVersion: 3, requires: true, packages: { "": { name: "a" } } },
      "vercel.json": { installCommand: "npm ci" },
    });
    expect(deployment.error).toMatchObject({
      code: "install_failed",
      message:
        "The install failed: the lockfile package-lock.json does not fit package.json (Missing: ms@2.1.2 from lock file).",
      hint: expect.stringContaining("commit package-lock.json"),
    });
    const log = await logOf(platform, deployment.id);
    expect(log).toContain("Missing: ms@2.1.2 from lock file");
    expect(log).not.toMatch(/Usage:|--ignore-scripts/); // npm's help
  }, 120_000);

  test("a command of netlify.toml may be written for bash", async () => {
    const deployment = await deploy("skiff", {
      "netlify.toml": `[build]\ncommand = 'pushd pages && [[ -n "$CI" ]] && mkdir ../{dist,more} && cp index.html ../dist && popd'`,
      "package.json": { private: true },
      "pages/index.html": "made in bash",
    });
    expect(deployment.error).toBeNull();
    expect(await page(deployment.url)).toBe("made in bash");
    expect(await logOf(platform, deployment.id)).toContain("$ pushd pages &&");
  }, 120_000);

  test("NODE_ENV of netlify.toml is the build's, and leaves out no devDependencies", async () => {
    const deployment = await deploy("punt", {
      "netlify.toml": '[build.environment]\nNODE_ENV = "production"',
      "package.json": {
        private: true,
        scripts: { build: "rimraf old && mkdir dist && echo $NODE_ENV > dist/index.html" },
        devDependencies: { rimraf: "5.0.10" },
      },
    });
    expect(deployment.error).toBeNull();
    expect((await page(deployment.url)).trim()).toBe("production");
  }, 120_000);

  test("a command of netlify.toml finds the programs of packages, of the folders above, too", async () => {
    const deployment = await deploy("dinghy", {
      "netlify.toml": '[build]\nbase = "apps/site"\ncommand = "rimraf old && cp -r pages dist"',
      "package.json": { private: true, workspaces: ["apps/*"], devDependencies: { rimraf: "5.0.10" } },
      "apps/site/package.json": { name: "site", private: true },
      "apps/site/pages/index.html": "made with a program of the top",
    });
    expect(deployment.error).toBeNull();
    expect(await page(deployment.url)).toBe("made with a program of the top");
  }, 120_000);

  test("a dependency that a lockfile takes from git is asked of git's host, and of no registry", async () => {
    const from = "git+ssh://git@github.com/berth-example/none.git#0123456789abcdef0123456789abcdef01234567";
    const dependencies = { none: "berth-example/none" };
    const deployment = await deploy("anchor", {
      "package.json": { name: "a", private: true, scripts: { build: "x" }, dependencies },
      "package-lock.json": {
        ...{ name: "a", lockfileVersion: 3, requires: true },
        packages: { "": { name: "a", dependencies }, "node_modules/none": { version: "1.0.0", resolved: from } },
      },
    });
    expect(deployment.error).toMatchObject({
      code: "network_refused",
      message: expect.stringContaining("github.com"),
      hint: expect.stringContaining("take dependencies from the registry instead of a git host"),
    });
  }, 120_000);

  test("a site that was built for a folder of another host is live, with a warning", async () => {
    const deployment = await deploy("pages", {
      "package.json": { private: true, scripts: { build: "node build.mjs" } },
      "build.mjs": `${WRITE} writeFileSync('dist/app.js', ''); writeFileSync('dist/index.html', '<script src="/pages/app.js"></script>');`,
    });
    expect(deployment.error).toBeNull();
    expect(deployment.warnings).toEqual([expect.stringContaining("below '/pages/' of its host")]);
    expect(await logOf(platform, deployment.id)).toContain("asks for '/pages/app.js', which is '/app.js' here");
  }, 120_000);

  test("a host that the policy refuses is named", async () => {
    const deployment = await deploy("buoy", {
      "package.json": { private: true, scripts: { build: "node build.mjs" } },
      "build.mjs": "await fetch('https://tides.example/');",
    });
    expect(deployment.error).toMatchObject({
      code: "network_refused",
      message: expect.stringContaining("tides.example"),
    });
  }, 120_000);

  test("Hugo builds where the machine has it, and is named where not", async () => {
    const deployment = await deploy("ferry", {
      "hugo.toml": "title = 'Ferry'",
      "layouts/index.html": "<p>made by Hugo</p>",
      "content/_index.md": "",
    });
    expect(deployment.framework).toBe("hugo");
    if (Bun.which("hugo", { PATH: "/usr/bin" }) === null) {
      expect(deployment.error).toMatchObject({
        code: "build_failed",
        message: expect.stringContaining("Hugo is not installed"),
      });
    } else {
      expect(deployment.error).toBeNull();
      expect(await page(deployment.url)).toContain("made by Hugo");
    }
  }, 120_000);
});

/** As Yarn 1 writes it, with a host of its own that is not the configured registry. */
const INTEGRITY = "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==";

const NPM_LOCKFILE = {
  ...{ name: "g", lockfileVersion: 3, requires: true },
  packages: {
    "": { name: "g", dependencies: { ms: "2.1.3" } },
    "node_modules/ms": {
      version: "2.1.3",
      resolved: "https://npm.example/ms/-/ms-2.1.3.tgz",
      integrity: INTEGRITY,
    },
  },
};

const YARN_1_LOCKFILE = `# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1


ms@2.1.3:
  version "2.1.3"
  resolved "https://yarn.example/ms/-/ms-2.1.3.tgz#574c8138ce1d2b5861f0b44579dbadd60c6615b2"
  integrity ${INTEGRITY}
`;

const YARN_3_LOCKFILE = `# This file is generated by running "yarn install" inside your project.
# Manual changes might be lost - proceed with caution!

__metadata:
  version: 6
  cacheKey: 8

"g@workspace:.":
  version: 0.0.0-use.local
  resolution: "g@workspace:."
  dependencies:
    ms: 2.1.3
  languageName: unknown
  linkType: soft

"ms@npm:2.1.3":
  version: 2.1.3
  resolution: "ms@npm:2.1.3"
  checksum: aa92de608021b242401676e35cfa5aa42dd70cbdc082b916da7fb925c542173e36bce97ea3e804923fe92c0ad991434e4a38327e15a1b5b5f945d66df615ae6d
  languageName: node
  linkType: hard
`;

/** As Bun writes it where a mirror is configured that is not the registry of this machine. */
const BUN_LOCKFILE = `{
  "lockfileVersion": 1,
  "workspaces": {
    "": {
      "name": "g",
      "dependencies": {
        "ms": "2.1.3",
      },
    },
  },
  "packages": {
    "ms": ["ms@2.1.3", "https://bun.example/ms/-/ms-2.1.3.tgz", {}, "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA=="],
  }
}
`;
