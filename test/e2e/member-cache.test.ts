import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { newRepository, type TestRepository } from "../support/repositories.ts";

const member = (name: string, uses: Record<string, string> = {}) =>
  JSON.stringify({ name, version: "1.0.0", private: true, scripts: { build: "node build.mjs" }, dependencies: uses });

/** What it writes is another text each time: into its own folder, over a file of the source, and beside both. */
const TEXT_BUILD = `import { mkdirSync, writeFileSync } from "node:fs";
const made = "made " + Math.random() + "\\n";
mkdirSync("dist", { recursive: true });
for (const path of ["dist/text.txt", "src.txt", "../../shared.txt"]) writeFileSync(path, made);
`;
const SITE_BUILD = `import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
const made = ["dist/text.txt", "src.txt", "../../shared.txt"].map((path) => readFileSync("../../packages/text/" + path, "utf8"));
if (made.some((text) => text !== made[0])) throw new Error("of different builds: " + made);
if (readFileSync("page.txt", "utf8") === "broken") throw new Error("the page is broken");
mkdirSync("dist", { recursive: true });
writeFileSync("dist/index.html", readFileSync("page.txt", "utf8") + ", " + made[0]);
`;
const SOURCES = {
  "packages/text/package.json": member("text"),
  "packages/text/build.mjs": TEXT_BUILD,
  "packages/text/src.txt": "yet to be made\n",
  "apps/site/package.json": member("site", { text: "1.0.0" }),
  "apps/site/build.mjs": SITE_BUILD,
  "apps/site/page.txt": "page 0",
};
const PNPM_LOCK = `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .: {}

  apps/site:
    dependencies:
      text:
        specifier: workspace:*
        version: link:../../packages/text

  packages/text: {}
`;
const pnpm = (version: string): Record<string, string> => ({
  ...SOURCES,
  "package.json": JSON.stringify({ private: true, packageManager: `pnpm@${version}` }),
  "pnpm-workspace.yaml": "packages:\n  - apps/*\n  - packages/*\n",
  "pnpm-lock.yaml": PNPM_LOCK,
  "apps/site/package.json": member("site", { text: "workspace:*" }),
});
const npm: Record<string, string> = {
  ...SOURCES,
  "package.json": JSON.stringify({ private: true, workspaces: ["apps/*", "packages/*"] }),
  "package-lock.json": JSON.stringify({
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { workspaces: ["apps/*", "packages/*"] },
      "apps/site": { name: "site", version: "1.0.0", dependencies: { text: "1.0.0" } },
      "node_modules/site": { resolved: "apps/site", link: true },
      "node_modules/text": { resolved: "packages/text", link: true },
      "packages/text": { name: "text", version: "1.0.0" },
    },
  }),
};
const NOT_BUILT = "Not built again: packages/text.";

/** A member of a workspace is built again when something has changed that its output depends on, and only then. */
describe("members of a workspace", () => {
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

  const newSite = async (project: string, sources: Record<string, string>) => {
    const repository = await newRepository(project, sources);
    repositories.push(repository);
    const wish = { source: repository.path, project, root: "apps/site" };
    const kept = async (kind: string) => {
      const folder = join(platform.dataDirectory, "objects/caches");
      const names = await readdir(folder, { recursive: true }).catch(() => []);
      return names.filter((name) => name.includes(`/${kind}-`) && /\d{13}$/.test(name));
    };
    const deploy = async (more: Record<string, unknown> = {}) => {
      const deployment = await deployAndWait(platform, { ...wish, ...more });
      expect(deployment.error).toBeNull();
      const text = await (await platform.site(new URL(deployment.url).host, "/")).text();
      const [page, made] = text.trim().split(", ");
      return { page, made, isBuilt: !(await logOf(platform, deployment.id)).includes(NOT_BUILT) };
    };
    /** A cache is kept behind the site's going live, that of the members before that of the work. */
    const deployAndKeep = async (more: Record<string, unknown> = {}, kind = "members") => {
      const known = await kept(kind);
      const result = await deploy(more);
      while (!(await kept(kind)).some((name) => !known.includes(name))) await Bun.sleep(50);
      return result;
    };
    return { repository, wish, deploy, deployAndKeep };
  };

  test.each([
    ["pnpm-10", pnpm("10.34.8")],
    ["pnpm-11", pnpm("11.28.11")],
    ["npm", npm],
  ])(
    "%s: a change of the site alone builds the site alone",
    async (name, sources) => {
      const { repository, deploy, deployAndKeep } = await newSite(name, sources);
      const first = await deployAndKeep();
      expect(first).toMatchObject({ page: "page 0", isBuilt: true });
      await repository.commit({ "apps/site/page.txt": "page 1" });
      expect(await deploy()).toEqual({ page: "page 1", made: first.made, isBuilt: false });
    },
    120_000,
  );

  test("a change beside the site, --force and a failed build build all", async () => {
    const { repository, wish, deploy, deployAndKeep } = await newSite("harbour", npm);
    const first = await deployAndKeep();
    await repository.commit({ "tsconfig.base.json": "{}\n" });
    const second = await deployAndKeep();
    const forced = await deployAndKeep({ force: true });
    expect([first, second, forced].map(({ isBuilt }) => isBuilt)).toEqual([true, true, true]);
    expect(new Set([first, second, forced].map(({ made }) => made)).size).toBe(3);
    await repository.commit({ "apps/site/page.txt": "broken" });
    const failed = await deployAndWait(platform, wish);
    expect(failed.error).toMatchObject({ code: "build_failed" });
    expect(await logOf(platform, failed.id)).toContain(NOT_BUILT);
    await repository.commit({ "apps/site/page.txt": "mended" });
    const mended = await deployAndKeep();
    expect(mended).toMatchObject({ page: "mended", isBuilt: true });
    await repository.commit({ "apps/site/page.txt": "done" });
    expect(await deploy()).toEqual({ page: "done", made: mended.made, isBuilt: false });
  }, 120_000);

  test("a preview takes none of production's, and a fork none at all", async () => {
    const { repository, deploy, deployAndKeep } = await newSite("reef", npm);
    await deployAndKeep();
    await repository.commit({ "apps/site/page.txt": "page 2" }, { branch: "side" });
    const preview = await deployAndKeep({ branch: "side" });
    await repository.commit({ "apps/site/page.txt": "page 3" }, { branch: "side" });
    expect(await deploy({ branch: "side" })).toEqual({ page: "page 3", made: preview.made, isBuilt: false });
    const stranger = await newRepository("stranger", { ...npm, "apps/site/page.txt": "page 4" });
    repositories.push(stranger);
    expect(await deploy({ source: stranger.path })).toMatchObject({ page: "page 4", isBuilt: true });
    expect(preview.isBuilt).toBe(true);
  }, 120_000);

  test("a member that asks others is built each time", async () => {
    const asking = `const answer = await fetch(process.env.npm_config_registry + "is-number");
if (!answer.ok) throw new Error("the registry answers " + answer.status);
${TEXT_BUILD}`;
    const { repository, deploy, deployAndKeep } = await newSite("asking", {
      ...npm,
      "packages/text/build.mjs": asking,
    });
    await deployAndKeep({}, "work");
    await repository.commit({ "apps/site/page.txt": "page 1" });
    expect(await deploy()).toMatchObject({ page: "page 1", isBuilt: true });
  }, 120_000);
});
