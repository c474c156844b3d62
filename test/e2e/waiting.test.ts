import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { logOf, requestDeployment, waitFor, waitForEnd } from "../support/deploy.ts";
import { newDataDirectory, removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { startPostgres } from "../support/postgres.ts";
import { startRedis } from "../support/redis.ts";
import { buildableSite, WRITES_DIST } from "../support/repositories.ts";

/** Ends when it is canceled. */
const ENDLESS = buildableSite('console.log("it goes on"); setInterval(() => {}, 1000);');
const QUICK = buildableSite(WRITES_DIST, { "text.txt": "built" });
const SOURCES = {
  long: ENDLESS,
  first: QUICK,
  gone: QUICK,
  last: QUICK,
  known: QUICK,
  plain: { "index.html": "plain" },
};

/** What a deployment has to wait for, and what it has not, where one build runs at a time. */
function waiting(name: string, open: () => Promise<{ env: Record<string, string>; stop(): Promise<void> }>): void {
  describe(`waiting, with the queue on ${name}`, () => {
    const stops: (() => Promise<void>)[] = [];
    let env: Record<string, string>;
    let platform: TestPlatform;
    beforeAll(async () => {
      const servers = await open();
      stops.push(servers.stop);
      const dataDirectory = await newDataDirectory();
      stops.push(() => removeDataDirectory(dataDirectory));
      env = {
        ...servers.env,
        BERTH_BUILDS: "1",
        BERTH_STORE: `file:${join(dataDirectory, "objects")}`,
        BERTH_SECRETS_KEY: randomBytes(32).toString("base64"),
      };
      platform = await startPlatform({ dataDirectory, env });
      stops.push(() => platform.stop());
      for (const [project, files] of Object.entries(SOURCES)) {
        await mkdir(folderOf(project), { recursive: true });
        for (const [file, text] of Object.entries(files)) await writeFile(join(folderOf(project), file), text);
      }
    }, 120_000);
    afterAll(async () => {
      for (const stop of stops.reverse()) await stop();
    }, 60_000);

    const folderOf = (project: string) => join(platform.dataDirectory, "sources", project);
    const deploy = (project: keyof typeof SOURCES, wish: Record<string, unknown> = {}) =>
      requestDeployment(platform, { source: folderOf(project), ...wish });
    const deployToEnd = async (...wish: Parameters<typeof deploy>) => waitForEnd(platform, (await deploy(...wish)).id);
    const statusOf = async (id: string) => (await waitFor(platform, id, () => true)).status;
    const cancel = (id: string) => platform.api(`/deployments/${id}/cancel`, { method: "POST" });
    const deployLong = async () => {
      const long = await deploy("long");
      while (!(await logOf(platform, long.id)).includes("it goes on")) await Bun.sleep(50);
      return long;
    };
    const deployQueued = async (...wish: Parameters<typeof deploy>) => {
      const { id } = await deploy(...wish);
      return await waitFor(platform, id, ({ status }) => status === "queued");
    };

    test("what needs no build is live while builds wait, and those come in their order", async () => {
      expect(await deployToEnd("known")).toMatchObject({ error: null, reused: false });
      const long = await deployLong();
      const first = await deployQueued("first");
      const gone = await deployQueued("gone");
      const last = await deployQueued("last");
      await cancel(gone.id);

      expect(await deployToEnd("plain")).toMatchObject({ status: "ready", error: null });
      expect(await (await platform.site("plain.localhost", "/")).text()).toBe("plain");
      expect(await deployToEnd("known")).toMatchObject({ status: "ready", error: null, reused: true });
      const wrong = await deployToEnd("plain", { root: "no/such/folder" });
      expect(wrong).toMatchObject({ status: "failed", error: { code: "root_not_found" } });
      const statuses = await Promise.all([long, first, gone, last].map(({ id }) => statusOf(id)));
      expect(statuses).toEqual(["building", "queued", "canceled", "queued"]);
      expect(await logOf(platform, first.id)).toContain("one other build is before this one.");
      expect(await logOf(platform, gone.id)).toContain("2 other builds are before this one.");

      await cancel(long.id);
      const ends = await Promise.all([first, last].map(({ id }) => waitForEnd(platform, id)));
      for (const end of ends) expect(end).toMatchObject({ status: "ready", error: null, reused: false });
      expect(Date.parse(ends[0]!.finishedAt!)).toBeLessThan(Date.parse(ends[1]!.finishedAt!));
      expect(await logOf(platform, gone.id)).not.toContain("build.mjs");
      expect(await logOf(platform, long.id)).toEndWith("\nSomebody canceled the deployment.");
    }, 200_000);

    if (name !== "Redis") return;
    test("what waits at one builder is taken by another one that has a free place", async () => {
      const long = await deployLong();
      const waits = await deployQueued("first", { force: true });
      const dataDirectory = await newDataDirectory();
      const other = await startPlatform({ dataDirectory, args: ["--role", "builder"], env });
      try {
        expect((await waitForEnd(platform, waits.id)).error).toBeNull();
        // Both look at what comes; whichever it was that looked, the one with the free place builds.
        expect((await deployToEnd("last", { force: true })).error).toBeNull();
        expect(await statusOf(long.id)).toBe("building");
        await cancel(long.id);
      } finally {
        await other.stop();
        await removeDataDirectory(dataDirectory);
      }
    }, 200_000);
  });
}

waiting("the embedded database", async () => ({ env: {}, stop: async () => {} }));

waiting("Redis", async () => {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  return {
    env: { BERTH_QUEUE: redis.url, BERTH_DATABASE: postgres.url },
    stop: async () => void (await Promise.all([redis.stop(), postgres.stop()])),
  };
});
