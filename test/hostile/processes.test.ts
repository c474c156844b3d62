import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { identify, isGone } from "../../src/sandbox/process-tree.ts";
import {
  bare,
  IS_ROOT,
  LIMITS,
  MIB,
  MODES,
  newFolder,
  openWall,
  SLOT,
  uidOfSlot,
  type Wall,
} from "../support/hostile.ts";

/** What a build leaves running: nothing. And what two builds at once see of each other: nothing. */
let root: Awaited<ReturnType<typeof newFolder>>;
beforeAll(async () => {
  root = await newFolder();
});
afterAll(() => root.remove());

const ticking = (file: string) => `trap "" TERM HUP INT; while :; do date +%s%N > ${file}; done`;
const untilTicking = (file: string) => `while [ ! -s ${file} ]; do sleep 0.01; done`;
/** Away from the group, the session and the parent, in three ways. */
const daemons = (folder: string) =>
  ["a", "b", "c"]
    .map((name, index) => {
      const start = ["setsid", "nohup", "setsid -f nohup"][index];
      return `${start} sh -c '${ticking(`${folder}/${name}`)}' >/dev/null 2>&1 & ${untilTicking(`${folder}/${name}`)}`;
    })
    .join("\n");

describe.each(MODES)("behind the wall, mode %s", (mode) => {
  let wall: Wall;
  beforeAll(async () => {
    wall = await openWall({ directory: root.path, mode });
  });
  afterAll(() => wall.close());

  const readTicks = async () =>
    await Promise.all(["a", "b", "c"].map((name) => readFile(join(wall.folders.work, name), "utf8")));

  test("daemons that ignore every signal are dead at the end, and the output is still", async () => {
    const outcome = await wall.attempt(`${daemons("/work")}\necho started`);
    expect(outcome).toMatchObject({ exit: 0, cause: "exit", text: "started\n" });
    expect(wall.left()).toEqual([]);
    const before = await readTicks();
    await wall.attempt("sleep 0.1");
    expect(await readTicks()).toEqual(before);
  });

  test.each([
    ["the time limit", { wallMs: 1500 }, "timeout"],
    ["the log limit", { logBytes: 1000 }, "log"],
  ] as const)("stopped for %s, its daemons are dead too", async (_, limit, cause) => {
    const outcome = await wall.attempt(
      `${daemons("/work")}\nyes`.replace("yes", cause === "log" ? "yes" : "sleep 30"),
      {
        limits: { ...LIMITS, ...limit },
      },
    );
    expect(outcome).toMatchObject({ exit: null, cause });
    expect(wall.left()).toEqual([]);
    const before = await readTicks();
    await wall.attempt("sleep 0.1");
    expect(await readTicks()).toEqual(before);
  });

  test("two builds at once neither see nor starve each other", async () => {
    const other = SLOT + 1;
    const { work } = await wall.sandbox.prepareSlot(other);
    try {
      const limits = { ...LIMITS, wallMs: 4_000, processes: 128, memoryBytes: 512 * MIB };
      // The hostile one takes all the tasks that it gets, and holds them.
      const secret = `held ${crypto.randomUUID()}`;
      const hostile = wall.attempt(
        `echo '${secret}' > /tmp/mine; echo '${secret}' > /dev/shm/mine; echo '${secret}' > mine
        i=0; while [ $i -lt 90 ]; do sleep 30 & i=$((i+1)); done; : > full; exec sh -c 'sleep 30; :' '${secret}'`,
        {
          limits,
          env: { MINE: secret },
        },
      );
      while (!(await Bun.file(join(wall.folders.work, "full")).exists())) await Bun.sleep(10);
      const look = `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ /tmp/* /dev/shm/* 2>&1
        cat ${wall.folders.work}/mine ${work}/../../${SLOT}/work/mine /work/../${SLOT}/work/mine
        for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 0.3 & done; wait
        kill -9 -1; echo end > /work/end`;
      const quiet = await wall.attempt(look, { slot: other, limits });
      expect(quiet.text).not.toContain(secret);
      expect(quiet.cause).toBe("exit");
      expect(await hostile).toMatchObject({ cause: "timeout" });
      if (IS_ROOT) expect(uidOfSlot(SLOT)).not.toBe(uidOfSlot(other));
    } finally {
      await wall.sandbox.clearSlot(other);
    }
  });
});

test("without the wall a daemon outlives its build and goes on writing", async () => {
  const script = `setsid sh -c 'echo $$ > pid; ${ticking("ticks")}' >/dev/null 2>&1 & ${untilTicking("ticks")}; echo started`;
  expect(await bare(script, { cwd: root.path })).toEqual({ status: 0, text: "started\n" });
  const daemon = identify(Number(await readFile(join(root.path, "pid"), "utf8")))!;
  try {
    expect(isGone(daemon)).toBe(false);
    const ticks = () => readFile(join(root.path, "ticks"), "utf8");
    const before = await ticks();
    while ((await ticks()) === before || (await ticks()) === "") await Bun.sleep(5);
  } finally {
    process.kill(daemon.pid, "SIGKILL");
  }
});

test.if(IS_ROOT)(
  "without the wall, too, a run is over when all of its user is",
  async () => {
    const control = await openWall({ directory: root.path, mode: "none" });
    try {
      const outcome = await control.attempt(`${daemons(control.folders.work)}\necho started`);
      expect(outcome).toMatchObject({ exit: 0, cause: "exit", text: "started\n" });
      expect(control.left()).toEqual([]);
    } finally {
      await control.close();
    }
  },
  20_000,
);

test("without the wall another build's arguments and files are seen", async () => {
  const control = await openWall({ directory: root.path, mode: "none" });
  try {
    await control.sandbox.prepareSlot(SLOT + 1);
    const secret = `held-${crypto.randomUUID()}`;
    const controller = new AbortController();
    const script = `echo ${secret} > /tmp/${secret}; : > full; exec sh -c 'sleep 30; :' ${secret}`;
    const hostile = control.attempt(script, { signal: controller.signal });
    while (!(await Bun.file(join(control.folders.work, "full")).exists())) await Bun.sleep(10);
    // The pattern does not match itself.
    const look = "cat /proc/[0-9]*/cmdline /tmp/[h]eld-* 2>/dev/null | tr '\\0' '\\n' | grep -a '^[h]eld-'";
    const { text } = await control.attempt(look, { slot: SLOT + 1 });
    await rm(`/tmp/${secret}`);
    expect(text).toContain(`${secret}\n${secret}\n`);
    controller.abort();
    expect(await hostile).toMatchObject({ cause: "canceled" });
  } finally {
    await control.sandbox.clearSlot(SLOT + 1);
    await control.close();
  }
});
