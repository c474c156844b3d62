import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Status } from "../../src/model/deployment.ts";
import { mountVolume } from "../../src/sandbox/volume.ts";
import { deployAndWait, requestDeployment, waitFor, waitForEnd } from "../support/deploy.ts";
import { newDataDirectory, ROOT, removeDataDirectory, startPlatform } from "../support/platform.ts";
import { buildableSite, newRepository, type TestRepository, WRITES_DIST } from "../support/repositories.ts";

/** `kill -9` of the whole platform in any state, then `up`: the deployment finishes, once. */
describe("crash", () => {
  const cleanUp: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const step of cleanUp.reverse()) await step();
  }, 60_000);

  /** Five platforms build this side by side, some of them twice; it needs no package, and npm takes a second to see it. */
  const WITHOUT_INSTALL = { "vercel.json": JSON.stringify({ installCommand: "" }) };
  const slowly = (ms: number) => `await new Promise((done) => setTimeout(done, ${ms}));\n${WRITES_DIST}`;

  test.concurrent.each(["pending", "uploading", "queued", "building", "publishing"] as Status[])(
    "killed while %s, it is ready after the next up",
    async (state) => {
      const dataDirectory = await newDataDirectory();
      const repository: TestRepository = await newRepository(
        "wreck",
        buildableSite(slowly(600), { "text.txt": "afloat", ...WITHOUT_INSTALL }),
      );
      cleanUp.push(repository.remove, () => removeDataDirectory(dataDirectory));
      let platform = await startPlatform({ dataDirectory });
      const { id, url } = await requestDeployment(platform, { source: repository.path });
      // The state may be over before it is seen; then the kill comes in the next one, which is as good a place.
      const order: Status[] = ["pending", "uploading", "queued", "building", "publishing", "ready"];
      await waitFor(platform, id, ({ status }) => order.indexOf(status) >= order.indexOf(state));
      await platform.kill();
      await untilNoProcessUses(dataDirectory);

      platform = await startPlatform({ dataDirectory });
      cleanUp.push(() => platform.stop());
      const done = await waitForEnd(platform, id);
      expect([done.status, done.error]).toEqual(["ready", null]);
      expect(await (await platform.site(new URL(url).host, "/")).text()).toContain("afloat");
      expect(await (await platform.site("wreck.localhost", "/")).text()).toContain("afloat");
      const { deployments } = (await (await platform.api("/deployments")).json()) as { deployments: unknown[] };
      expect(deployments).toHaveLength(1);
      await platform.stop();
    },
    120_000,
  );

  test("killed while one builds and another waits for its place, both are ready after the next up", async () => {
    const dataDirectory = await newDataDirectory();
    cleanUp.push(() => removeDataDirectory(dataDirectory));
    const env = { BERTH_BUILDS: "1" };
    const before = await startPlatform({ dataDirectory, env });
    const deploy = async (name: string, build: string) => {
      const folder = join(dataDirectory, "sources", name);
      await mkdir(folder, { recursive: true });
      const files = Object.entries(buildableSite(build, { "text.txt": name }));
      for (const [file, text] of files) await writeFile(join(folder, file), text);
      return (await requestDeployment(before, { source: folder })).id;
    };
    const first = await deploy("tug", slowly(3_000));
    await waitFor(before, first, ({ status }) => status === "building");
    const second = await deploy("barge", WRITES_DIST);
    await waitFor(before, second, ({ status }) => status !== "pending" && status !== "uploading");
    await before.kill();
    await untilNoProcessUses(dataDirectory);
    const after = await startPlatform({ dataDirectory, env });
    cleanUp.push(() => after.stop());
    const ends = await Promise.all([first, second].map((id) => waitForEnd(after, id)));
    expect(ends).toMatchObject([{ status: "ready" }, { status: "ready" }]);
    expect(await (await after.site("barge.localhost", "/")).text()).toContain("barge");
    await after.stop();
  }, 120_000);

  test("after an orderly stop no process is left, and the next up serves what was live", async () => {
    const dataDirectory = await newDataDirectory();
    const repository = await newRepository("mooring", { "index.html": "still here" });
    cleanUp.push(repository.remove, () => removeDataDirectory(dataDirectory));
    const before = await startPlatform({ dataDirectory });
    await deployAndWait(before, { source: repository.path });
    await before.stop();
    expect(await processesThatUse(dataDirectory)).toEqual([]);
    const after = await startPlatform({ dataDirectory });
    cleanUp.push(() => after.stop());
    expect(await (await after.site("mooring.localhost", "/")).text()).toBe("still here");
  }, 60_000);

  test("a killed platform that nobody has reaped holds nothing", async () => {
    const dataDirectory = await newDataDirectory({ withDatabase: false });
    // A parent that never waits for its children: sleep takes the shell's place.
    const command = 'cd /tmp; "$0" up --role edge --port 0 --data "$1" >"$1/out" & echo $!; exec sleep 600';
    const parent = Bun.spawn(["/bin/sh", "-c", command, join(ROOT, "berth"), dataDirectory], { stdout: "pipe" });
    cleanUp.push(
      async () => parent.kill("SIGKILL"),
      () => removeDataDirectory(dataDirectory),
    );
    const pid = Number(new TextDecoder().decode((await parent.stdout.getReader().read()).value));
    // The shell opens it beside telling the id.
    const printed = () =>
      Bun.file(join(dataDirectory, "out"))
        .text()
        .catch(() => "");
    while (!(await printed()).includes("is up")) await sleep(20);
    process.kill(pid, "SIGKILL");
    while (!(await Bun.file(`/proc/${pid}/stat`).text()).includes(") Z ")) await sleep(10);
    const next = await startPlatform({ dataDirectory, args: ["--role", "edge"] });
    expect((await fetch(`http://127.0.0.1:${next.port}/metrics`)).status).toBe(401);
    const token = await Bun.file(join(dataDirectory, "token")).text();
    const metrics = await fetch(`http://127.0.0.1:${next.port}/metrics`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await metrics.text()).toContain("berth_edge_requests");
    await next.stop();
  }, 60_000);

  test("what a killed platform left half-made is gone after the next up, in the data directory and beside it", async () => {
    // So deep that the database's socket has to lie elsewhere.
    const above = await newDataDirectory({ withDatabase: false });
    const dataDirectory = join(above, "deep".repeat(20));
    cleanUp.push(() => removeDataDirectory(above));
    const socketsElsewhere = async () => (await readdir(tmpdir())).filter((name) => name.startsWith("berth-pg-"));
    const socketLink = join(dataDirectory, "database/socket-elsewhere");
    const before = await startPlatform({ dataDirectory, args: ["--role", "api"] });
    const socketBefore = await readlink(socketLink);
    await before.kill();
    await untilNoProcessUses(dataDirectory);
    expect(await socketsElsewhere()).toContain(basename(socketBefore));
    const agent = await mkdtemp(join(tmpdir(), "berth-agent-"));
    const owner = { pid: before.pid, startTicks: "0", bootId: "an earlier one", pidNamespace: "" };
    const passing = ["tmp/git-a", "tmp/cache.b", "fetches/try-c", "toolchains/fetching-d", "database/draft-e"];
    for (const folder of [...passing.map((name) => join(dataDirectory, name)), join(agent, "run")]) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "owner"), JSON.stringify(owner));
    }
    const tried = join(dataDirectory, "slots/try-f");
    await mkdir(tried, { recursive: true });
    if (process.getuid!() === 0) await mountVolume(tried, 16 * 1024 ** 2);

    const after = await startPlatform({ dataDirectory, args: ["--role", "api"] });
    const left = [...passing.map((name) => join(dataDirectory, name)), tried, agent, socketBefore];
    while (left.some((path) => existsSync(path))) await sleep(20);
    expect(await readFile("/proc/self/mountinfo", "utf8")).not.toContain(dataDirectory);
    const socketAfter = await readlink(socketLink);
    await after.stop();
    expect(existsSync(socketAfter)).toBe(false);
  }, 60_000);

  test("a promotion that a crash cut off before its pointer was written is finished by the next up", async () => {
    const dataDirectory = await newDataDirectory();
    const repository = await newRepository("tide", { "index.html": "low" });
    cleanUp.push(repository.remove, () => removeDataDirectory(dataDirectory));
    const before = await startPlatform({ dataDirectory });
    await deployAndWait(before, { source: repository.path });
    await repository.commit({ "index.html": "high" }, { branch: "flood" });
    const preview = await deployAndWait(before, { source: repository.path, branch: "flood" });
    const pointer = join(dataDirectory, "objects/hosts/tide.localhost");
    const asBefore = await Bun.file(pointer).bytes();
    expect((await before.api(`/deployments/${preview.id}/promote`, { method: "POST" })).status).toBe(200);
    await before.kill();
    await untilNoProcessUses(dataDirectory);
    await Bun.write(pointer, asBefore);
    const after = await startPlatform({ dataDirectory });
    cleanUp.push(() => after.stop());
    const shown = async () => (await after.site("tide.localhost", "/")).text();
    while ((await shown()) !== "high") await sleep(50);
  }, 60_000);
});

async function processesThatUse(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const commandLine = await Bun.file(`/proc/${pid}/cmdline`)
      .text()
      .catch(() => "");
    if (commandLine.includes(directory)) found.push(commandLine.replaceAll("\0", " "));
  }
  return found;
}

/** The kernel ends the children of a killed platform by itself; this only waits for it. */
async function untilNoProcessUses(directory: string): Promise<void> {
  while ((await processesThatUse(directory)).length > 0) await sleep(20);
}
