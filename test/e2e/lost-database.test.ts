import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deployAndWait, requestDeployment, waitForEnd } from "../support/deploy.ts";
import { newDataDirectory, removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository, WRITES_DIST } from "../support/repositories.ts";

/** The embedded database and queue go away below a platform in one process: sites do not, and it comes back. */
let platform: TestPlatform;
let repository: TestRepository;
beforeAll(async () => {
  platform = await startPlatform({ dataDirectory: await newDataDirectory() });
  repository = await newRepository("lasting", buildableSite(WRITES_DIST, { "text.txt": "one" }));
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await repository.remove();
  await removeDataDirectory(platform.dataDirectory);
}, 30_000);

const serverPid = async () => {
  const file = join(platform.dataDirectory, "database/cluster/postmaster.pid");
  return Number((await readFile(file, "utf8").catch(() => "")).split("\n")[0]);
};
const text = async () => (await platform.site("lasting.localhost", "/")).text();

test("with the database killed, twice, sites are served, and what was in line is done", async () => {
  expect((await deployAndWait(platform, { source: repository.path })).error).toBeNull();
  const slow = buildableSite(`await new Promise((done) => setTimeout(done, 2000));\n${WRITES_DIST}`, {
    "text.txt": "two",
  });
  await repository.commit(slow);
  const waiting = await requestDeployment(platform, { source: repository.path });
  for (let round = 0; round < 2; round += 1) {
    const killed = await serverPid();
    process.kill(killed, "SIGKILL");
    expect(await text()).toMatch(/one|two/);
    while (
      (await fetch(`http://127.0.0.1:${platform.port}/healthz`)).status !== 200 ||
      (await serverPid()) === killed
    ) {
      expect(platform.exitStatus()).toBeNull();
      await Bun.sleep(100);
    }
  }
  expect((await waitForEnd(platform, waiting.id)).error).toBeNull();
  expect(await text()).toContain("two");
  await repository.commit({ "text.txt": "three" });
  expect((await deployAndWait(platform, { source: repository.path })).error).toBeNull();
  expect(await text()).toContain("three");
  expect(await readFile(join(platform.dataDirectory, "platform.log"), "utf8")).toContain("is started again");
}, 180_000);
