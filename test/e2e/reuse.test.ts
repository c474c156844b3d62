import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository, WRITES_DIST } from "../support/repositories.ts";

/** What has been built is not built again. */
describe("reuse", () => {
  let platform: TestPlatform;
  let repository: TestRepository;
  beforeAll(async () => {
    platform = await startPlatform();
    repository = await newRepository("quay", buildableSite(WRITES_DIST, { "text.txt": "one" }));
  }, 120_000);
  afterAll(async () => {
    await platform.stop();
    await repository.remove();
    await removeDataDirectory(platform.dataDirectory);
  }, 30_000);

  const deploy = async (wish: Record<string, unknown> = {}) => {
    const deployment = await deployAndWait(platform, { source: repository.path, ...wish });
    expect(deployment.error).toBeNull();
    return deployment;
  };
  const set = (settings: Record<string, unknown>) =>
    platform.api("/projects/quay", { method: "PATCH", body: JSON.stringify({ settings }) });
  const page = async (host: string, path = "/") => await platform.site(host, path);

  test("the same files twice: the second is live without a build, on hosts of its own", async () => {
    const first = await deploy();
    expect(first.reused).toBeFalse();
    const second = await deploy();
    expect(second).toMatchObject({
      reused: true,
      status: "ready",
      newBytes: 0,
      files: first.files,
      bytes: first.bytes,
    });
    expect(second.timings.buildMs).toBe(0);
    expect([second.node, second.packageManager]).toEqual([first.node, first.packageManager]);
    expect(await (await page(new URL(second.url).host)).text()).toContain("<h1>one</h1>");
    expect(second.aliases.map((url) => new URL(url).hostname)).toContain("quay.localhost");
    expect(await logOf(platform, second.id)).toContain(first.id);
  }, 120_000);

  test("both tell the folder that was published, not the one that was expected", async () => {
    const made = await newRepository(
      "slip",
      buildableSite(WRITES_DIST.replaceAll("dist", "made"), { "text.txt": "one" }),
    );
    try {
      const wish = { source: made.path };
      for (const reused of [false, true]) {
        expect(await deploy(wish)).toMatchObject({
          reused,
          resolved: { output_directory: { value: "made", from: "detected" } },
        });
      }
    } finally {
      await made.remove();
    }
  }, 120_000);

  test("--force builds all the same", async () => {
    const forced = await deploy({ force: true });
    expect(forced.reused).toBeFalse();
    expect(forced.timings.buildMs).toBePositive();
  }, 60_000);

  test("how it is served may change without a build", async () => {
    await set({ html_handling: "none", not_found_handling: "none" });
    const served = await deploy();
    expect(served.reused).toBeTrue();
    const lost = await page(new URL(served.url).host, "/no/such/page");
    expect([lost.status, (await lost.text()).includes("Own not found")]).toEqual([404, false]);
    await set({ html_handling: null, not_found_handling: null });
  }, 60_000);

  test("a changed build setting builds", async () => {
    await set({ build_command: "node build.mjs" });
    expect((await deploy()).reused).toBeFalse();
    await set({ build_command: null });
    expect((await deploy()).reused).toBeTrue();
  }, 60_000);

  test("a preview that is merged is live without a build", async () => {
    await repository.commit({ "text.txt": "two" }, { branch: "change" });
    const preview = await deploy({ branch: "change" });
    expect(preview).toMatchObject({ reused: false, production: false });
    await repository.commit({ "text.txt": "two" });
    const merged = await deploy();
    expect(merged).toMatchObject({ reused: true, production: true });
    expect(merged.source).not.toMatchObject({ commit: (preview.source as { commit: string }).commit });
    expect(await (await page("quay.localhost")).text()).toContain("<h1>two</h1>");
  }, 60_000);

  test("a preview whose code asks for the context is built once more for production", async () => {
    const asks = `${WRITES_DIST}writeFileSync("dist/index.html", process.env.CONTEXT + " " + process.env.VERCEL_ENV);`;
    await repository.commit({ "build.mjs": asks }, { branch: "asks" });
    expect((await deploy({ branch: "asks" })).reused).toBeFalse();
    expect((await deploy({ branch: "asks" })).reused).toBeTrue();
    await repository.commit({ "build.mjs": asks });
    for (const reused of [false, true]) {
      expect(await deploy()).toMatchObject({ reused, production: true });
      expect(await (await page("quay.localhost")).text()).toBe("production production");
    }
    await repository.commit({ "build.mjs": WRITES_DIST });
  }, 60_000);

  test("what was removed, and what failed, is built again", async () => {
    await repository.commit({ "text.txt": "three" });
    const gone = await deploy({ branch: "main" });
    await repository.commit({ "text.txt": "four" });
    await deploy({ branch: "main" });
    expect((await platform.api(`/deployments/${gone.id}`, { method: "DELETE" })).status).toBe(204);
    await repository.commit({ "text.txt": "three" });
    expect((await deploy({ branch: "main" })).reused).toBeFalse();
    await repository.commit({ "build.mjs": "process.exit(1)" });
    for (const _ of [1, 2]) {
      const failed = await deployAndWait(platform, { source: repository.path });
      expect(failed).toMatchObject({ status: "failed", error: { code: "build_failed" } });
    }
  }, 120_000);
});
