import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processesOf } from "../../src/sandbox/process-tree.ts";
import { IS_ROOT, MODES, openTestSandbox, SLOT, UID_BASE, uidOfSlot } from "../support/hostile.ts";

/** From before bwrap is there until well after the command is; a machine that is slower has its wall up later. */
const KILLED_AFTER_MS = [0, 3, 6, 9, 12, 15, 18, 22, 26, 32, 40, 80];
/** Until what is on its way to be the slot's user is that. */
const SETTLED_MS = 200;
/** In which a process that was bound to the platform is gone, on any machine. */
const PATIENCE_MS = 5_000;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "berth killed "));
  await chmod(directory, 0o711);
});
afterAll(() => rm(directory, { recursive: true }));

test.skipIf(!IS_ROOT).each(MODES)(
  "in mode %s a platform that is killed while it puts a wall up leaves no process behind it [needs root]",
  async (mode) => {
    const slotsDirectory = join(directory, mode);
    const program = [process.execPath, join(import.meta.dir, "../support/doomed-sandbox.ts")];
    const lived: string[] = [];
    for (const delayMs of KILLED_AFTER_MS) {
      const platform = Bun.spawn([...program, slotsDirectory, mode, `${UID_BASE}`], { stdout: "pipe" });
      await platform.stdout.getReader().read();
      await sleep(delayMs);
      platform.kill("SIGKILL");
      await platform.exited;
      await sleep(SETTLED_MS);
      const until = Date.now() + PATIENCE_MS;
      while (processesOf(uidOfSlot(SLOT)).length > 0 && Date.now() < until) await sleep(10);
      for (const { pid } of processesOf(uidOfSlot(SLOT))) {
        const command = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
        // What is bwrap still is no command, and never will be; the next start ends it.
        if (command.startsWith("bwrap ")) continue;
        lived.push(`after ${delayMs} ms: ${command} (${readFileSync(`/proc/${pid}/wchan`, "latin1")})`);
        process.kill(pid, "SIGKILL");
      }
    }
    // The next one clears away what the last one had mounted.
    const next = await openTestSandbox(slotsDirectory, mode);
    await next.close();
    expect(lived).toEqual([]);
    expect(processesOf(uidOfSlot(SLOT))).toEqual([]);
  },
  120_000,
);

test.skipIf(!IS_ROOT)(
  "what bwrap left behind, killed between its two halves, is ended by the next start [needs root]",
  async () => {
    const slotsDirectory = join(directory, "halves");
    const program = [process.execPath, join(import.meta.dir, "../support/doomed-sandbox.ts")];
    const platform = Bun.spawn([...program, slotsDirectory, "user", `${UID_BASE}`], { stdout: "pipe" });
    await platform.stdout.getReader().read();
    platform.kill("SIGKILL");
    await platform.exited;
    // bwrap's inner half at that moment: of its name, with a file of the run open, waiting, bound to nobody.
    const file = openSync(join(slotsDirectory, `${SLOT}`, "run", "unnamed.half"), "w");
    const bwrap = join(directory, "bwrap");
    await copyFile("/bin/sleep", bwrap);
    const half = Bun.spawn([bwrap, "300"], { stdout: file });
    const other = Bun.spawn(["sleep", "300"], { stdout: file });
    try {
      await (await openTestSandbox(slotsDirectory, "user")).close();
      expect([half.killed || half.signalCode !== null, other.exitCode]).toEqual([true, null]);
    } finally {
      half.kill("SIGKILL");
      other.kill("SIGKILL");
      closeSync(file);
    }
  },
  60_000,
);
