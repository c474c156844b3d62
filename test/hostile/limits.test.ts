import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { bare, IS_ROOT, LIMITS, MIB, MODES, newFolder, openWall, type Wall } from "../support/hostile.ts";

/** What a build may use up, and how its end is told. Each attack is bounded, so that it can run without a wall too. */
let root: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  root = await newFolder();
});
afterAll(() => root.remove());

/** 200 processes at the same time, and nothing else wrong. */
const FORKS = "i=0; while [ $i -lt 200 ]; do sleep 1 & i=$((i+1)); done; echo all of them; kill $(jobs -p); exit 0";
/** perl takes 400 MiB, and touches them, in a child whose parent ends with 0. */
const HOGS = `perl -e '$x = "x" x (400 << 20); print "had it\\n"; sleep 1'; exit 0`;
/** Keeps 200 MB at any time, of 640 MB that it makes. */
const CHURNS =
  'const kept = []; for (let i = 0; i < 800; i++) kept[i % 250] = new Array(1e5).fill(i); console.log("done")';
/** 48 files of 4 MiB. */
const FILES = `i=0; while [ $i -lt 48 ]; do head -c 4194304 /dev/zero > file$i || exit 9; i=$((i+1)); done; echo all of them`;
/** 40,000 empty files. */
const INODES = "mkdir many && cd many && seq 40000 | xargs touch";
/** A line without an end, 2 MiB long. */
const LINE = "head -c 2097152 /dev/zero | tr '\\0' x";
const YES = "yes | head -c 2097152";

describe.each(MODES)("behind the wall, mode %s", (mode) => {
  let wall: Wall;
  beforeAll(async () => {
    wall = await openWall({ directory: root.path, mode });
  });
  afterAll(() => wall.close());

  test("the time limit holds, SIGTERM ignored or not", async () => {
    const limits = { ...LIMITS, wallMs: 300 };
    const outcome = await wall.attempt("trap '' TERM INT HUP; while :; do sleep 1; done", { limits });
    expect(outcome).toMatchObject({ exit: null, cause: "timeout" });
    expect(wall.left()).toEqual([]);
  });

  test.each([
    ["yes", YES],
    ["an endless line", LINE],
  ])("%s is held to the log limit, to the byte, and the reader's memory is flat", async (_, script) => {
    await wall.attempt("true");
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    const outcome = await wall.attempt(script.replace("2097152", "100000000"));
    expect(outcome).toMatchObject({ exit: null, cause: "log" });
    expect(outcome.text.length).toBe(LIMITS.logBytes);
    expect(process.memoryUsage.rss() - before).toBeLessThan(48 * MIB);
  });

  test("a memory bomb in a child whose parent ends with 0 is told from a success", async () => {
    const limits = { ...LIMITS, memoryBytes: 200 * MIB };
    expect(await wall.attempt(HOGS, { limits })).toMatchObject({ exit: null, cause: "memory" });
    expect(wall.left()).toEqual([]);
  });

  test("many processes that are small each are a memory bomb as well", async () => {
    const limits = { ...LIMITS, memoryBytes: 200 * MIB };
    const script = `for i in 1 2 3 4 5 6 7 8; do ${HOGS.replace("400", "60").replace("; exit 0", "")} & done; wait; exit 0`;
    expect(await wall.attempt(script, { limits })).toMatchObject({ exit: null, cause: "memory" });
    expect(wall.left()).toEqual([]);
  });

  test("Node collects before the memory limit instead of being killed for what it could let go of", async () => {
    const limits = { ...LIMITS, memoryBytes: 440 * MIB };
    const script = `node -e '${CHURNS}'`;
    expect(await wall.attempt(script, { limits })).toMatchObject({ exit: null, cause: "memory" });
    expect(await wall.attempt(script, { limits, node: "20.20.2" })).toMatchObject({ exit: 0, text: "done\n" });
    // What a build sets itself goes before it.
    const own = { limits, node: "20.20.2", env: { NODE_OPTIONS: "--max-old-space-size=4000" } };
    expect(await wall.attempt(script, own)).toMatchObject({ exit: null, cause: "memory" });
  });

  test("a fork bomb reaches the process limit and nothing of it is left", async () => {
    expect(await wall.attempt("f() { f | f & }; f; while :; do sleep 20 & done")).toMatchObject({
      exit: null,
      cause: "processes",
    });
    expect(wall.left()).toEqual([]);
    expect(await wall.attempt(FORKS)).toMatchObject({ exit: null, cause: "processes" });
    expect(wall.left()).toEqual([]);
  });

  test("one file over its limit, made sparse or written, is told", async () => {
    const outcome = await wall.attempt("exec head -c 64M /dev/zero > big");
    expect(outcome).toMatchObject({ exit: null, cause: "disk" });
    expect((await stat(join(wall.folders.work, "big"))).size).toBe(LIMITS.fileBytes);
    const sparse = await wall.attempt("exec truncate -s 4T sparse");
    expect(sparse).toMatchObject({ exit: null, cause: "disk" });
    await wall.renew();
  });

  test.each([
    // Without a volume the total is looked at from time to time: it has to last a moment.
    ["files", IS_ROOT ? FILES : `${FILES}; sleep 8`],
    ["a full /tmp", "head -c 400M /dev/zero > /tmp/full"],
    ...(IS_ROOT ? [["inodes", INODES]] : []),
  ])("%s: held to the disk limit, and the host's free space is back afterwards", async (_, script) => {
    await wall.renew();
    const heldBytes = async () => Number((await bare(`du -s -B 1 ${root.path} | cut -f 1`, { cwd: root.path })).text);
    const before = await heldBytes();
    expect(await wall.attempt(script!)).toMatchObject({ exit: null, cause: "disk" });
    expect((await heldBytes()) - before).toBeLessThan(2 * LIMITS.diskBytes + 32 * MIB);
    await wall.renew();
    while ((await heldBytes()) > before + 4 * MIB) await Bun.sleep(20);
    expect(await wall.attempt("head -c 1M /dev/zero > small")).toMatchObject({ exit: 0 });
  });

  test("what is temporary has the disk's room, which is more than /tmp's", async () => {
    const script = 'made=$(mktemp) && test "$(stat -c %d "$made")" = "$(stat -c %d /work)"';
    expect(await wall.attempt(script)).toMatchObject({ exit: 0 });
    expect(await wall.attempt(`TMPDIR=/tmp; export TMPDIR; ${script}`)).toMatchObject({ exit: 1 });
  });

  test("an abort ends it, before and in the midst", async () => {
    const controller = new AbortController();
    const onOutput = () => controller.abort();
    const outcome = await wall.attempt("echo ready; sleep 20", { signal: controller.signal, onOutput });
    expect(outcome).toMatchObject({ exit: null, cause: "canceled" });
    expect(await wall.attempt("touch never", { signal: controller.signal })).toMatchObject({ cause: "canceled" });
    expect(stat(join(wall.folders.work, "never"))).rejects.toThrow();
  });

  test("the command's own status is kept", async () => {
    expect(await wall.attempt("exit 3")).toMatchObject({ exit: 3, cause: "exit" });
    expect(await wall.attempt("kill -9 $$")).toMatchObject({ exit: 137, cause: "exit" });
    expect(await wall.attempt("true", { cwd: "/work/none" })).toMatchObject({ exit: 127, cause: "exit" });
  });
});

test("without the wall the same scripts get all that they want", async () => {
  const run = (script: string) => bare(script, { cwd: root.path });
  expect(await run(FORKS)).toMatchObject({ status: 0, text: expect.stringContaining("all of them") });
  expect(await run(HOGS)).toEqual({ status: 0, text: "had it\n" });
  expect(await run(FILES)).toEqual({ status: 0, text: "all of them\n" });
  expect((await run(INODES)).status).toBe(0);
  for (const script of [YES, LINE]) expect((await run(script)).text.length).toBe(2 * MIB);
  expect((await stat(join(root.path, "file0"))).size).toBe(4 * MIB);
});
