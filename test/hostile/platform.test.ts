import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Glob } from "bun";
import { processesOf, untilGone } from "../../src/sandbox/process-tree.ts";
import { logOf, requestDeployment, waitFor, waitForEnd } from "../support/deploy.ts";
import { IS_ROOT, MIB, newFolder } from "../support/hostile.ts";
import {
  type HostilePlatform,
  PLATFORM_MODES,
  startHostilePlatform,
  WALL_LINE,
  WRITES_PAGE,
} from "../support/hostile-platform.ts";
import { newDataDirectory, ROOT, removeDataDirectory, type TestPlatform } from "../support/platform.ts";
import { runToEnd } from "../support/process.ts";

/** What a user sees of a hostile build, in the deployment itself: its cause, its log, its page, and a platform that lives. */
const CANARY = `CANARY-${crypto.randomUUID()}`;
const ENV = {
  BERTH_BUILDS: "2",
  BERTH_BUILD_MEMORY_MIB: "512",
  BERTH_BUILD_TIMEOUT_SECONDS: "60",
  AWS_SECRET_ACCESS_KEY: CANARY,
};

let home: Awaited<ReturnType<typeof newFolder>>;
/** Of all that run one after the other. */
let dataDirectory: string;
const others: string[] = [];
beforeAll(async () => {
  home = await newFolder();
  dataDirectory = await newDataDirectory();
  await mkdir(join(home.path, ".ssh"));
  for (const name of [".ssh/id_ed25519", ".netrc"]) {
    await writeFile(join(home.path, name), CANARY);
    await chmod(join(home.path, name), 0o644);
  }
});
afterAll(async () => {
  await home.remove();
  for (const directory of [dataDirectory, ...others]) await removeDataDirectory(directory);
});

const start = async (mode: Parameters<typeof startHostilePlatform>[0], directory = dataDirectory) => {
  const hostile = await startHostilePlatform(mode, { dataDirectory: directory, env: { ...ENV, HOME: home.path } });
  const planted = join(directory, "planted");
  await writeFile(planted, CANARY);
  await chmod(planted, 0o644);
  return hostile;
};

/** What the install script finds is printed, and put into the page. */
const steal =
  () => `{ cat ~/.ssh/* ${home.path}/.ssh/* ${home.path}/.netrc ${dataDirectory}/planted ${dataDirectory}/*.json
  cat /proc/1/environ /proc/*/environ; env; } > found 2>&1; cat found; true`;
const PUBLISH = `${WALL_LINE}; mkdir dist; cp found dist/index.html`;

const residentBytes = async ({ pid }: TestPlatform) =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
const slotProcesses = ({ uidBase }: TestPlatform) =>
  IS_ROOT ? [0, 1].flatMap((slot) => processesOf(uidBase + 1 + slot)) : [];
const isHealthy = async ({ port }: TestPlatform) => (await fetch(`http://127.0.0.1:${port}/healthz`)).status === 200;

describe.each(PLATFORM_MODES)("a platform whose wall is made in mode %s", (mode) => {
  let hostile: HostilePlatform;
  beforeAll(async () => {
    hostile = await start(mode);
  }, 120_000);
  afterAll(() => hostile.close(), 60_000);

  test("an install script finds no canary: there is none in the log, none in the page", async () => {
    const done = await hostile.build(`thief-${mode}`, { install: steal(), build: PUBLISH });
    expect(done.error).toBeNull();
    expect(done.log).toContain(`wall: ${mode}\n`);
    expect(done.page).toContain("npm_");
    expect(done.log + done.page).not.toContain(CANARY);
  }, 120_000);

  test("a fork bomb fails with the process limit, and meanwhile another build and the health page are fine", async () => {
    const bomb = hostile.build(`forks-${mode}`, { build: "f() { f | f & }; f; while :; do sleep 20 & done" });
    const neighbour = hostile.build(`neighbour-${mode}`, { build: WRITES_PAGE });
    expect(await isHealthy(hostile.platform)).toBe(true);
    expect(await neighbour).toMatchObject({ status: "ready", page: expect.stringContaining("fine") });
    expect((await bomb).error).toMatchObject({
      code: "build_limit",
      message: expect.stringContaining("process limit"),
    });
    // After a success its caches are put away; what a bomb leaves would stay, and this would wait for ever.
    while (slotProcesses(hostile.platform).length > 0) await Bun.sleep(20);
    expect(await isHealthy(hostile.platform)).toBe(true);
  }, 120_000);

  test("a memory bomb in a child fails with 'out of memory', though its parent ends with 0", async () => {
    const bomb = `perl -e '$x = "x" x (700 << 20); sleep 1'; ${WRITES_PAGE}; exit 0`;
    const { error, page } = await hostile.build(`hog-${mode}`, { build: bomb });
    expect(error).toMatchObject({ code: "build_limit", message: expect.stringMatching(/out of memory/) });
    expect(page).toBe("");
  }, 120_000);

  test("an endless log is cut at its limit, and the platform's memory does not grow with it", async () => {
    const before = await residentBytes(hostile.platform);
    const done = await hostile.build(`yes-${mode}`, { build: "yes; true" });
    expect(done.error).toMatchObject({ code: "build_limit", message: expect.stringMatching(/printed more than/) });
    expect(done.log.length).toBeLessThan(8 * MIB + 10_000);
    expect((await residentBytes(hostile.platform)) - before).toBeLessThan(160 * MIB);
  }, 120_000);

  test("what is no text is shown as such: no escape sequence reaches a terminal", async () => {
    const build = `${WRITES_PAGE}; printf 'a\\033]0;owned\\007b \\033[2J \\377\\376 c\\000d \\302\\233 31m\\n'`;
    const done = await hostile.build(`colours-${mode}`, { build });
    expect(done.error).toBeNull();
    expect(done.log).toContain("\ufffd\ufffd");
    const shown = await runToEnd([join(ROOT, "berth"), "logs", done.id, "--data", dataDirectory]);
    expect(shown).toMatch(/a.*b.*c.*d/);
    expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
  }, 120_000);
});

const LINGERS = `echo started > /cache/started; setsid sh -c 'trap "" TERM HUP; while :; do sleep 1; done' > /dev/null 2>&1 &
echo started; sleep 4; ${WRITES_PAGE}`;

async function killInMidBuild(hostile: HostilePlatform, name: string): Promise<string> {
  const { path } = await hostile.repository(name, { build: LINGERS });
  const { id } = await requestDeployment(hostile.platform, { source: path });
  await waitFor(hostile.platform, id, ({ status }) => status === "building");
  while (!(await logOf(hostile.platform, id)).includes("\nstarted")) await Bun.sleep(20);
  if (IS_ROOT) expect(slotProcesses(hostile.platform).length).toBeGreaterThan(1);
  await hostile.platform.kill();
  return id;
}

const mountsBelow = async (folder: string) =>
  (await readFile("/proc/self/mounts", "utf8")).split("\n").filter((line) => line.includes(folder));

/** The control groups of all runs that a killed platform had not ended. */
async function cgroupsLeft(directory: string): Promise<string[]> {
  const records = [...new Glob("slots/*/run/left.*").scanSync(directory)];
  const contents = records.map((path) => Bun.file(join(directory, path)).json() as Promise<{ cgroups: string[] }>);
  return (await Promise.all(contents)).flatMap(({ cgroups }) => cgroups);
}

// Most of it is the wait for the lease of the killed one: each mode has a data directory of its own, and they wait at once.
test.concurrent.each(PLATFORM_MODES)(
  "killed with -9 in mid-build, nothing of it is left, and the next up does the job again, mode %s",
  async (mode) => {
    const directory = await newDataDirectory();
    others.push(directory);
    const killed = await start(mode, directory);
    const id = await killInMidBuild(killed, `wreck-${mode}`);
    // The kernel ends them; this only waits for it, and would wait for ever for one that stays.
    while (slotProcesses(killed.platform).length > 0) await Bun.sleep(10);
    const cgroups = await cgroupsLeft(directory);
    const next = await start(mode, directory);
    try {
      const done = await waitForEnd(next.platform, id);
      expect([done.status, done.error]).toEqual(["ready", null]);
      // After a success its caches are put away, by the slot's user.
      while (slotProcesses(next.platform).length > 0) await Bun.sleep(20);
      expect(cgroups.filter(existsSync)).toEqual([]);
    } finally {
      await next.close();
      await killed.close();
    }
    expect(await mountsBelow(directory)).toEqual([]);
    expect([...new Glob("slots/*/disk.img").scanSync(directory)]).toEqual([]);
  },
  120_000,
);

describe("without the wall the same attacks succeed", () => {
  let hostile: HostilePlatform;
  beforeAll(async () => {
    hostile = await start("none");
  }, 120_000);
  afterAll(() => hostile.close(), 60_000);

  test("an install script finds the canary and publishes it", async () => {
    const done = await hostile.build("thief-none", { install: steal(), build: PUBLISH });
    expect(done.error).toBeNull();
    expect(done.log).toContain(CANARY);
    expect(done.page).toContain(CANARY);
  }, 120_000);

  test.if(IS_ROOT)(
    "what a killed platform was building goes on",
    async () => {
      await killInMidBuild(hostile, "wreck-none");
      await Bun.sleep(200);
      const left = slotProcesses(hostile.platform);
      expect(left.length).toBeGreaterThan(0);
      await Promise.all(left.map(untilGone));
    },
    120_000,
  );
});
