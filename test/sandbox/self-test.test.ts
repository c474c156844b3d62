import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesOf } from "../../src/sandbox/process-tree.ts";
import { IS_ROOT, MODES, openTestSandbox, uidOfSlot } from "../support/hostile.ts";

/** As bubblewrap.ts counts: the slot of self-tests is the 65th. */
const SELF_TEST_UID = uidOfSlot(64);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "berth self-test "));
  await chmod(directory, 0o711);
});
afterAll(() => rm(directory, { recursive: true }));

test.skipIf(!IS_ROOT).each(MODES)(
  "in mode %s a sandbox that is closed in the midst of its self-test leaves no process of it [needs root]",
  async (mode) => {
    const sandbox = await openTestSandbox(join(directory, mode), mode);
    const tried = sandbox.selfTest();
    // Sleeps would miss it: the test may be over in a tenth of a second.
    while (processesOf(SELF_TEST_UID).length === 0) await new Promise(setImmediate);
    await sandbox.close();
    expect(processesOf(SELF_TEST_UID)).toEqual([]);
    expect(await tried).toMatchObject({ code: "sandbox_unavailable" });
  },
);

test.each(MODES)("in mode %s the wall holds on this machine", async (mode) => {
  const sandbox = await openTestSandbox(join(directory, mode), mode);
  try {
    expect(await sandbox.selfTest()).toBeUndefined();
  } finally {
    await sandbox.close();
  }
});
