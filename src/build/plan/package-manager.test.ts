import { describe, expect, test } from "bun:test";
import semver from "semver";
import { buildPlan, plan } from "./testing/in-memory-source.ts";

const packageJson = (more: object = {}) => ({ "package.json": { scripts: { build: "x" }, ...more } });

describe("the package manager", () => {
  test.each([
    ["package-lock.json", "{}", "npm", null, ["npm", "ci"]],
    ["npm-shrinkwrap.json", "{}", "npm", null, ["npm", "ci"]],
    ["pnpm-lock.yaml", "lockfileVersion: 5.4", "pnpm", "7", ["pnpm", "install", "--frozen-lockfile"]],
    ["pnpm-lock.yaml", "lockfileVersion: '6.0'", "pnpm", "8", ["pnpm", "install", "--frozen-lockfile"]],
    ["pnpm-lock.yaml", "lockfileVersion: '9.0'", "pnpm", "10", ["pnpm", "install", "--frozen-lockfile"]],
    ["yarn.lock", "# yarn lockfile v1\n", "yarn", "1", ["yarn", "install", "--frozen-lockfile"]],
    ["yarn.lock", "__metadata:\n  version: 6\n", "yarn", "3", ["yarn", "install", "--immutable"]],
    ["yarn.lock", "__metadata:\n  version: 4\n", "yarn", "2", ["yarn", "install", "--immutable"]],
    ["yarn.lock", "__metadata:\n  version: 5\n", "yarn", "3.1", ["yarn", "install", "--immutable"]],
    ["yarn.lock", "__metadata:\n  version: 8\n", "yarn", "4.12", ["yarn", "install", "--immutable"]],
    ["yarn.lock", "__metadata:\n  version: 8\n\n  checksum: ab12\n", "yarn", "4.0", ["yarn", "install", "--immutable"]],
    ["yarn.lock", "__metadata:\n  version: 9\n", "yarn", "4.14", ["yarn", "install", "--immutable"]],
    ["yarn.lock", "__metadata:\n  version: 10\n", "yarn", "4", ["yarn", "install", "--immutable"]],
    ["bun.lock", "{}", "bun", null, ["bun", "install", "--frozen-lockfile"]],
    ["bun.lockb", "\0", "bun", null, ["bun", "install", "--frozen-lockfile"]],
  ])("%s of %p is %s %p", async (file, text, name, version, install) => {
    const plan = await buildPlan({ ...packageJson(), [file]: text });
    expect(plan.packageManager).toEqual({ name: name as "npm", version });
    expect(plan.install).toEqual(install);
    expect(plan.build).toEqual([name, "run", "build"]);
    expect(plan.warnings).toEqual([]);
  });

  test("none is npm without a lockfile, with a warning", async () => {
    const plan = await buildPlan(packageJson({ dependencies: { ms: "2" } }));
    expect(plan).toMatchObject({ install: ["npm", "install"], warnings: [expect.stringContaining("no lockfile")] });
  });

  test("where nothing is installed no lockfile is missed; a workspace's members count", async () => {
    expect((await buildPlan(packageJson({ dependencies: {} }))).warnings).toEqual([]);
    const top = packageJson({ workspaces: ["packages/*"] });
    const member = (more: object) => ({ "packages/a/package.json": JSON.stringify({ name: "a", ...more }) });
    expect((await buildPlan({ ...top, ...member({}) })).warnings).toEqual([]);
    for (const kind of ["devDependencies", "optionalDependencies", "peerDependencies"]) {
      expect((await buildPlan({ ...top, ...member({ [kind]: { ms: "2" } }) })).warnings).toEqual([
        expect.stringContaining("no lockfile"),
      ]);
    }
  });

  test.each([
    ["package-lock.json", "{}", ["npm", "install"]],
    ["pnpm-lock.yaml", "lockfileVersion: '9.0'", ["pnpm", "install", "--no-frozen-lockfile"]],
    ["yarn.lock", "# yarn lockfile v1\n", ["yarn", "install"]],
    ["yarn.lock", "__metadata:\n  version: 8\n", ["yarn", "install", "--no-immutable"]],
    ["bun.lock", "{}", ["bun", "install"]],
  ])("what is run when %s does not fit", async (lockfile, text, command) => {
    const stale = { ...packageJson({ dependencies: { ms: "2" } }), [lockfile]: text };
    expect((await buildPlan(stale)).looseInstall).toEqual({ command, lockfile });
    expect((await buildPlan(stale, { install_command: "npm ci" })).looseInstall).toBeNull();
  });

  test("two lockfiles: precedence, and both are named", async () => {
    const plan = await buildPlan({ ...packageJson(), "yarn.lock": "", "package-lock.json": "{}" });
    expect(plan.packageManager.name).toBe("yarn");
    expect(plan.warnings).toEqual([expect.stringMatching(/yarn\.lock, package-lock\.json.*yarn\.lock is used/)]);
  });

  test("two lockfiles: packageManager decides, with its exact version and without its hash", async () => {
    const pin = { packageManager: "pnpm@9.15.4+sha512.abc" };
    const plan = await buildPlan({
      ...packageJson(pin),
      "pnpm-lock.yaml": "lockfileVersion: '9.0'",
      "package-lock.json": "{}",
    });
    expect(plan).toMatchObject({
      packageManager: { name: "pnpm", version: "9.15.4" },
      warnings: [expect.stringContaining("as packageManager says")],
    });
    expect(plan.resolved.package_manager).toEqual({ value: "pnpm", from: "package.json packageManager" });
  });

  test.each([
    ["pnpm@8.8.0", "9.0", "9", [expect.stringMatching(/packageManager says pnpm 8\.8\.0.*pnpm 9 is used/)]],
    ["pnpm@8", "6.0", "8", []],
    ["pnpm@9.0.0-rc.0", "9.0", "9.0.0-rc.0", []],
    ["pnpm@11.2.0", "9.0", "11.2.0", []],
    ["pnpm", "9.0", "10", []],
  ])("pinned to %s with a lockfile of format %s", async (packageManager, format, version, warnings) => {
    const source = { ...packageJson({ packageManager }), "pnpm-lock.yaml": `lockfileVersion: '${format}'` };
    const plan = await buildPlan(source);
    expect(semver.subset(plan.packageManager.version!, version)).toBe(true);
    expect(plan.warnings.filter((line) => !line.includes("Node"))).toEqual(warnings);
  });

  test("a lockfile of another package manager than the pinned one", async () => {
    const plan = await buildPlan({ ...packageJson({ packageManager: "yarn@4.9.1" }), "package-lock.json": "{}" });
    expect(plan).toMatchObject({
      install: ["yarn", "install", "--no-immutable"],
      warnings: [expect.stringContaining("package-lock.json")],
    });
  });

  test("others that scripts call are there, too", async () => {
    const scripts = { build: "yarn run a && bunx b", a: "pnpm exec x" };
    const plan = await buildPlan({ "package.json": { scripts }, "package-lock.json": "{}" });
    expect(plan.otherManagers.map(({ name }) => name)).toEqual(["pnpm", "yarn", "bun"]);
    expect((await buildPlan({ ...packageJson(), "yarn.lock": "" })).otherManagers).toEqual([]);
  });

  test("a lockfile of npm, Yarn 1 or Bun is freed of its hosts, unless the repository names a registry of its own", async () => {
    const yarn = { ...packageJson(), "yarn.lock": "# yarn lockfile v1" };
    expect((await buildPlan(yarn)).lockfileWithHosts).toBe("yarn.lock");
    expect(
      (await buildPlan({ ...yarn, ".npmrc": "@corp:registry=https://npm.corp.example" })).lockfileWithHosts,
    ).toBeNull();
    expect(
      (await buildPlan({ ...packageJson(), "yarn.lock": "__metadata:\n  version: 8\n" })).lockfileWithHosts,
    ).toBeNull();
    const npm = { ...packageJson(), "package-lock.json": "{}" };
    expect((await buildPlan(npm)).lockfileWithHosts).toBe("package-lock.json");
    expect((await buildPlan({ ...npm, ".npmrc": "registry=https://npm.corp.example" })).lockfileWithHosts).toBeNull();
    expect((await buildPlan(packageJson())).lockfileWithHosts).toBeNull();
    const bun = { ...packageJson(), "bun.lock": "{}" };
    expect((await buildPlan(bun)).lockfileWithHosts).toBe("bun.lock");
    const corp = '[install]\nregistry = "https://npm.corp.example"';
    expect((await buildPlan({ ...bun, "bunfig.toml": corp })).lockfileWithHosts).toBeNull();
    expect(
      (await buildPlan({ ...bun, "bunfig.toml": '[install.scopes]\ncorp = "https://npm.corp.example"' }))
        .lockfileWithHosts,
    ).toBeNull();
    const mirror = "strict-ssl=true\nregistry=https://registry.npmmirror.com/\n";
    expect((await buildPlan({ ...yarn, ".npmrc": mirror })).lockfileWithHosts).toBe("yarn.lock");
  });

  test("an unknown one", async () => {
    await expect(buildPlan(packageJson({ packageManager: "vlt@1.0.0" }))).rejects.toMatchObject({
      code: "package_manager_unclear",
    });
  });

  test("no URL or path passes as a version", async () => {
    const pin = await buildPlan(packageJson({ packageManager: "pnpm@https://evil.example/x.tgz" }));
    expect(pin.packageManager).toEqual({ name: "pnpm", version: "10" });
    const engine = await buildPlan({ ...packageJson({ engines: { pnpm: "file:../x" } }), "pnpm-lock.yaml": "" });
    expect(engine.packageManager.version).toBe("10");
  });

  test("what developers are to have counts where there is no pin", async () => {
    const devEngines = { packageManager: { name: "pnpm", version: "^11.1.0", onFail: "download" } };
    const wished = await buildPlan(packageJson({ devEngines }));
    expect(wished.packageManager).toEqual({ name: "pnpm", version: ">=11.1.0 <12.0.0-0" });
    const pinned = await buildPlan(packageJson({ devEngines, packageManager: "yarn@1.22.22" }));
    expect(pinned.packageManager).toEqual({ name: "yarn", version: "1.22.22" });
    const npm = await buildPlan(packageJson({ devEngines: { packageManager: [{ name: "npm", version: ">=9" }] } }));
    expect(npm.packageManager).toEqual({ name: "npm", version: null });
    const other = await buildPlan({
      ...packageJson({ devEngines: { packageManager: { name: "vlt" } } }),
      "yarn.lock": "",
    });
    expect(other.packageManager.name).toBe("yarn");
  });

  test("Yarn's own version from yarnPath", async () => {
    const plan = await buildPlan({
      ...packageJson(),
      "yarn.lock": "__metadata:\n  version: 6\n",
      ".yarnrc.yml": "yarnPath: .yarn/releases/yarn-3.2.1.cjs\n",
    });
    expect(plan.packageManager).toEqual({ name: "yarn", version: "3.2.1" });
  });

  test("a yarnPath above a site with a lockfile of its own is what its Yarn hands over to, a nearer one goes before", async () => {
    const site = {
      ".yarnrc.yml": "nodeLinker: node-modules\nyarnPath: .yarn/releases/yarn-4.4.1.cjs\n",
      "website/package.json": { scripts: { build: "vite build" }, devDependencies: { vite: "7" } },
      "website/yarn.lock": "__metadata:\n  version: 8\n  cacheKey: 10\n",
    };
    const versionOf = async (more = {}) => (await buildPlan({ ...site, ...more }, { root: "website" })).packageManager;
    expect(await versionOf()).toEqual({ name: "yarn", version: "4.4.1" });
    expect(await versionOf({ "website/.yarnrc.yml": "enableTelemetry: false\n" })).toMatchObject({ version: "4.4.1" });
    const nearer = { "website/.yarnrc.yml": "yarnPath: .yarn/releases/yarn-4.9.2.cjs\n" };
    expect(await versionOf(nearer)).toMatchObject({ version: "4.9.2" });
  });
});

describe("workspaces", () => {
  const member = (dependencies: object = {}) => ({
    name: "web",
    scripts: { build: "vite build" },
    dependencies: { vite: "7", ...dependencies },
  });

  test("a member installs at the top, and takes its package manager from there", async () => {
    const plan = await buildPlan(
      {
        "package.json": { workspaces: ["apps/*"], packageManager: "yarn@4.9.1" },
        "yarn.lock": "__metadata:\n  version: 8\n",
        "apps/web/package.json": member(),
      },
      { root: "apps/web" },
    );
    expect(plan).toMatchObject({
      root: "apps/web",
      workspaceRoot: ".",
      packageManager: { name: "yarn", version: "4.9.1" },
    });
    expect(plan.install).toEqual(["yarn", "install", "--immutable"]);
  });

  test("pnpm builds the members that it uses first", async () => {
    const sources = {
      "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n  - '!packages/old'\n",
      "package.json": {},
      "pnpm-lock.yaml": "lockfileVersion: '9.0'",
      "packages/ui/package.json": { name: "@x/ui", scripts: { build: "tsup" } },
      "apps/web/package.json": member({ "@x/ui": "workspace:*" }),
    };
    const plan = await buildPlan(sources, { root: "apps/web" });
    expect(plan).toMatchObject({ workspaceRoot: ".", build: ["pnpm", "--filter", "web...", "run", "build"] });
    const old = { "packages/old/package.json": member(), "packages/old/pnpm-lock.yaml": "lockfileVersion: '9.0'" };
    const foreign = await buildPlan({ ...sources, ...old }, { root: "packages/old" });
    expect(foreign).toMatchObject({
      workspaceRoot: "packages/old",
      install: ["pnpm", "install", "--frozen-lockfile", "--ignore-workspace"],
    });
  });

  test.each([
    ["docs/**", "docs", true],
    ["docs/**", "docs/demos/one", true],
    ["docs/*", "docs", false],
    ["apps/**\n  - '!**/test/**'", "apps/web/test/site", false],
  ])("the pattern %p has the member %p: %p", async (pattern, root, isMember) => {
    const sources = {
      "pnpm-workspace.yaml": `packages:\n  - ${pattern}\n`,
      "package.json": {},
      "pnpm-lock.yaml": "lockfileVersion: '9.0'",
      [`${root}/package.json`]: member(),
    };
    expect(await buildPlan(sources, { root })).toMatchObject({ workspaceRoot: isMember ? "." : root });
  });

  test("Turborepo plans it elsewhere", async () => {
    const plan = await buildPlan(
      {
        "package.json": {
          workspaces: { packages: ["./apps/*", "packages/**"] },
          packageManager: "npm@11.2.0",
          devDependencies: { turbo: "2" },
        },
        "package-lock.json": "{}",
        "turbo.json": '{ "tasks": { "build": {} } }',
        "packages/a/ui/package.json": { name: "ui", scripts: { build: "x" } },
        "apps/web/package.json": member({ ui: "*" }),
      },
      { root: "apps/web" },
    );
    expect(plan.build).toEqual(["npx", "--no-install", "turbo", "run", "build", "--filter=web..."]);
  });

  test("so does Nx; without either each member's script runs, in order", async () => {
    const sources = {
      "package.json": { workspaces: ["apps/*", "packages/*"] },
      "yarn.lock": "# yarn lockfile v1",
      "packages/core/package.json": { name: "core", scripts: { build: "tsc" }, devDependencies: { ui: "*" } },
      "packages/ui/package.json": { name: "ui", scripts: { build: "tsc" }, dependencies: { core: "*", plain: "*" } },
      "packages/plain/package.json": { name: "plain" },
      "packages/unused/package.json": { name: "unused", scripts: { build: "exit 1" } },
      "apps/web/package.json": member({ ui: "*" }),
    };
    const plain = await buildPlan(sources, { root: "apps/web" });
    const line =
      "(cd ../../packages/core && yarn run build) && (cd ../../packages/ui && yarn run build) && yarn run build";
    expect(plain.build).toEqual(["/bin/sh", "-c", line]);
    expect(plain.resolved.build_command).toEqual({ value: line, from: "package.json" });
    const nx = {
      ...sources,
      "package.json": { workspaces: ["apps/*", "packages/*"], devDependencies: { nx: "22" } },
      "nx.json": '{ "targetDefaults": { "build": { "dependsOn": ["^build"] } } }',
    };
    expect((await buildPlan(nx, { root: "apps/web" })).build).toEqual(["yarn", "run", "nx", "run", "web:build"]);
    const hostile = { ...sources, "packages/ui/package.json": { name: "ui", dependencies: {} } };
    expect((await buildPlan(hostile, { root: "apps/web" })).build).toEqual(["yarn", "run", "build"]);
  });

  test("the one project with a page of an Nx workspace without scripts", async () => {
    const top = {
      "package.json": { scripts: {}, devDependencies: { nx: "22", vite: "7" } },
      "nx.json": "{}",
      "libs/ui/project.json": { name: "ui" },
      "apps/shop-e2e/project.json": { name: "shop-e2e" },
    };
    const shop = { "apps/shop/project.json": { name: "shop" }, "apps/shop/index.html": "" };
    const one = await buildPlan({ ...top, ...shop });
    expect(one.build).toEqual(["npx", "--no-install", "nx", "build", "shop"]);
    expect(one.outputCandidates.slice(0, 3)).toEqual(["dist/apps/shop/browser", "dist/apps/shop", "apps/shop/dist"]);
    const admin = { "apps/admin/package.json": { name: "@org/admin" }, "apps/admin/src/index.html": "" };
    await expect(plan({ ...top, ...shop, ...admin })).rejects.toMatchObject({
      code: "site_ambiguous",
      message: expect.stringContaining("shop, @org/admin"),
      hint: expect.stringContaining("npx nx build @org/admin"),
    });
    const script = { scripts: { build: "nx build admin" }, devDependencies: { nx: "22" } };
    const named = await buildPlan({
      ...top,
      "package.json": script,
      ...shop,
      "apps/admin/project.json": { name: "admin" },
      "apps/admin/index.html": "",
    });
    expect(named.build).toEqual(["npm", "run", "build"]);
    expect(named.outputCandidates[0]).toBe("dist/apps/admin/browser");
  });

  test("members of Lerna are found", async () => {
    const plan = await buildPlan({
      "package.json": { scripts: { build: "lerna run build" } },
      "lerna.json": '{ "packages": ["modules/*"] }',
      "modules/web/package.json": member(),
      "modules/web/index.html": "",
    });
    expect(plan.root).toBe("modules/web");
  });

  test("the only member with a site is the root", async () => {
    const plan = await buildPlan({
      "package.json": { workspaces: ["packages/*"] },
      "package-lock.json": "{}",
      "packages/lib/package.json": { name: "lib", scripts: { build: "tsc" } },
      "packages/web/package.json": member(),
      "packages/web/index.html": "",
    });
    expect(plan).toMatchObject({ root: "packages/web", workspaceRoot: ".", resolved: { root: { from: "detected" } } });
  });

  test("broken files above the site do not stop it", async () => {
    const plan = await buildPlan(
      { "package.json": "{", "pnpm-workspace.yaml": "{[", "web/package.json": member() },
      { root: "web" },
    );
    expect(plan.workspaceRoot).toBe("web");
  });
});

describe("Node", () => {
  test.each([
    [{ ".nvmrc": "v20.11.1\n" }, {}, "20.11.1", ".nvmrc"],
    [{ ".nvmrc": "lts/iron" }, {}, "20", ".nvmrc"],
    [{ ".nvmrc": "lts/*" }, {}, "24", "default"],
    [{ ".npmrc": "hoist=true\nuse-node-version=20.18.3\n", ".nvmrc": "22" }, {}, "20.18.3", ".npmrc"],
    [{ ".npmrc": "# use-node-version=20.18.3\n" }, {}, "24", "default"],
    [{ "pnpm-workspace.yaml": "useNodeVersion: '22.1.0'\n" }, {}, "22.1.0", "pnpm-workspace.yaml"],
    [{ ".node-version": "22" }, {}, "22", ".node-version"],
    [{ ".tool-versions": "ruby 3.3.0\nnodejs 18.20.4\n" }, {}, "18.20.4", ".tool-versions"],
    [{ "mise.toml": '[tools]\npnpm = "10"\nnode = "20.11.1"\n' }, {}, "20.11.1", "mise.toml"],
    [{ ".mise.toml": "[tools]\nnode = { version = '22', postinstall = 'x' }\n" }, {}, "22", ".mise.toml"],
    [{ "mise.toml": '[tools]\nnode = "lts"\n' }, {}, "24", "default"],
    [{}, { engines: { node: ">=18" } }, "24", "package.json engines"],
    [
      {},
      { engines: { node: ">=18" }, devEngines: { runtime: [{ name: "deno" }, { name: "node", version: "^22.4.0" }] } },
      "22",
      "package.json engines",
    ],
    [{}, { engines: { node: "^18 || ^20" } }, "20", "package.json engines"],
    [{}, { engines: { node: "20.x" } }, "20", "package.json engines"],
    [{}, { engines: { node: "18.16.x" } }, "18.16", "package.json engines"],
    [{}, { engines: { node: "~20.11.0" } }, ">=20.11.0 <20.12.0-0 >=20.0.0 <21.0.0-0", "package.json engines"],
    [{}, { engines: { node: ">=18 <20" } }, "18", "package.json engines"],
    [
      {},
      { engines: { node: ">=10" }, dependencies: { vuepress: "1.9.0" } },
      "16",
      "package.json engines; vuepress 1 runs on Node 16 at most",
    ],
    [
      {},
      {
        dependencies: { vuepress: "1.9.0" },
        scripts: { build: "NODE_OPTIONS=--openssl-legacy-provider vuepress build" },
      },
      "24",
      "default",
    ],
    [{}, { dependencies: { "react-scripts": "^4.0.3" } }, "16", "react-scripts 4 runs on Node 16 at most"],
    [
      {},
      { dependencies: { "@docusaurus/core": "2.0.0-beta.9" } },
      "16",
      "a Docusaurus from before 2.0 runs on Node 16 at most",
    ],
    [{}, { devDependencies: { "@angular/cli": "~15.1.0" } }, "18", "@angular/cli 15 runs on Node 18 at most"],
    [
      { "pnpm-lock.yaml": "lockfileVersion: '9.0'" },
      { dependencies: { vuepress: "1.9.0" } },
      "18",
      "pnpm 10 needs Node 18",
    ],
    [{}, { volta: { node: "22.4.0" } }, "22.4.0", "package.json volta"],
    [
      { "a/package.json": { volta: { node: "20.4.0" } } },
      { volta: { extends: "./a/package.json" } },
      "20.4.0",
      "a/package.json volta",
    ],
    [{ ".nvmrc": "$(reboot)" }, { engines: { node: "npm:x" } }, "24", "default"],
  ])("%p %p is %s by %s", async (files, more, version, from) => {
    const plan = await buildPlan({ ...packageJson(more), ...files });
    expect(plan.nodeVersion).toBe(version);
    expect(plan.resolved.node_version).toEqual({ value: version, from });
  });

  test.each([
    [{ ".nvmrc": "14.21.3" }, {}, "16"],
    [{ ".nvmrc": "lts/erbium" }, {}, "16"],
    [{ ".nvmrc": "v99" }, {}, "26"],
    [{ ".node-version": "25.0.0-rc.1" }, {}, "25"],
    [{}, { engines: { node: "8" } }, "16"],
    [{}, { engines: { node: "^10 || ^12" } }, "16"],
  ])("%p %p can't be had: %s is the nearest, with a warning", async (files, more, version) => {
    const plan = await buildPlan({ ...packageJson(more), "package-lock.json": "{}", ...files });
    expect(plan.nodeVersion).toBe(version);
    expect(plan.warnings).toEqual([expect.stringMatching(/can't be had|builds can't have/)]);
  });

  test.each([
    [{ ".nvmrc": "$(reboot)\u0007" }, {}, "24", '.nvmrc says "$(reboot)\\u0007"'],
    [{ ".nvmrc": "lts/nobody", ".node-version": "22" }, {}, "22", '.nvmrc says "lts/nobody"'],
    [{ ".tool-versions": "nodejs ref:v20" }, { volta: { node: "20.4.0" } }, "20.4.0", '.tool-versions says "ref:v20"'],
    [{}, { engines: { node: "twenty" }, dependencies: { vuepress: "1" } }, "16", 'package.json engines says "twenty"'],
    [{ "netlify.toml": '[build.environment]\nNODE_VERSION = "v"' }, {}, "24", 'netlify.toml NODE_VERSION says "v"'],
  ])("%p %p is no version: %s is used, and it is said", async (files, more, version, said) => {
    const plan = await buildPlan({ ...packageJson(more), "package-lock.json": "{}", ...files });
    expect(plan.nodeVersion).toBe(version);
    expect(plan.warnings).toEqual([`${said}, which is no version of Node: passed over.`]);
  });

  test.each(["lts/*", "node", "stable", "latest", "", "# the newest\n"])(
    ".nvmrc %p asks for the newest",
    async (text) => {
      const plan = await buildPlan({ ...packageJson({}), "package-lock.json": "{}", ".nvmrc": text });
      expect(plan).toMatchObject({ nodeVersion: "24", warnings: [] });
    },
  );

  test("a pinned package manager raises the Node, and npm gives way to it", async () => {
    const pnpm = await buildPlan({
      ...packageJson({ packageManager: "pnpm@11.2.0" }),
      ".nvmrc": "20",
      "pnpm-lock.yaml": "",
    });
    expect(pnpm).toMatchObject({ nodeVersion: "22", packageManager: { version: "11.2.0" } });
    expect(pnpm.warnings).toEqual([expect.stringContaining("pnpm 11 needs Node 22")]);
    const npm = await buildPlan({
      ...packageJson({ packageManager: "npm@11.1.0" }),
      ".nvmrc": "16",
      "package-lock.json": "{}",
    });
    expect(npm).toMatchObject({ nodeVersion: "16", packageManager: { version: null } });
    expect(npm.warnings).toEqual([expect.stringContaining("does not run on Node 16")]);
  });
});
