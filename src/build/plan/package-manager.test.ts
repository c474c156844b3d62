import { describe, expect, test } from "bun:test";
import { buildPlan } from "./testing/in-memory-source.ts";

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
    ["yarn.lock", "__metadata:\n  version: 8\n", "yarn", "4", ["yarn", "install", "--immutable"]],
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
    const plan = await buildPlan(packageJson());
    expect(plan).toMatchObject({ install: ["npm", "install"], warnings: [expect.stringContaining("no lockfile")] });
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

  test("a lockfile of another package manager than the pinned one", async () => {
    const plan = await buildPlan({ ...packageJson({ packageManager: "yarn@4.9.1" }), "package-lock.json": "{}" });
    expect(plan).toMatchObject({
      install: ["yarn", "install", "--no-immutable"],
      warnings: [expect.stringContaining("package-lock.json")],
    });
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

  test("Yarn's own version from yarnPath", async () => {
    const plan = await buildPlan({
      ...packageJson(),
      "yarn.lock": "__metadata:\n  version: 6\n",
      ".yarnrc.yml": "yarnPath: .yarn/releases/yarn-3.2.1.cjs\n",
    });
    expect(plan.packageManager).toEqual({ name: "yarn", version: "3.2.1" });
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

  test("Turborepo plans it elsewhere", async () => {
    const plan = await buildPlan(
      {
        "package.json": { workspaces: { packages: ["./apps/*", "packages/**"] } },
        "package-lock.json": "{}",
        "turbo.json": "{}",
        "packages/a/ui/package.json": { name: "ui", scripts: { build: "x" } },
        "apps/web/package.json": member({ ui: "*" }),
      },
      { root: "apps/web" },
    );
    expect(plan.build).toEqual(["npx", "--no-install", "turbo", "run", "build", "--filter=web"]);
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
    [{ ".node-version": "22" }, {}, "22", ".node-version"],
    [{ ".tool-versions": "ruby 3.3.0\nnodejs 18.20.4\n" }, {}, "18.20.4", ".tool-versions"],
    [{}, { engines: { node: ">=18" } }, "24", "package.json engines"],
    [{}, { engines: { node: "^18 || ^20" } }, "20", "package.json engines"],
    [{}, { engines: { node: "20.x" } }, "20", "package.json engines"],
    [{}, { engines: { node: "8" } }, "24", "default"],
    [{}, { volta: { node: "22.4.0" } }, "22.4.0", "package.json volta"],
    [{ ".nvmrc": "$(reboot)" }, { engines: { node: "npm:x" } }, "24", "default"],
  ])("%p %p is %s by %s", async (files, more, version, from) => {
    const plan = await buildPlan({ ...packageJson(more), ...files });
    expect(plan.nodeVersion).toBe(version);
    expect(plan.resolved.node_version).toEqual({ value: version, from });
  });
});
