import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSandbox } from "../../src/sandbox/bubblewrap.ts";
import { processesOf } from "../../src/sandbox/process-tree.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { IS_ROOT, LIMITS, MODES, SELF_UID, UID_BASE } from "../support/hostile.ts";

/** As bubblewrap.ts counts: the slot of self-tests is the 65th. */
const SELF_TEST_UID = UID_BASE + 1 + 64;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "berth self-test "));
  await chmod(directory, 0o711);
});
afterAll(() => rm(directory, { recursive: true }));

const open = (mode: (typeof MODES)[number]): Promise<Sandbox> =>
  openSandbox({
    slotsDirectory: join(directory, mode),
    uidBase: UID_BASE,
    selfUid: SELF_UID,
    diskBytes: LIMITS.diskBytes,
    registries: { registry: "https://registry.example/", hosts: [], npmrcLines: [] },
    mode,
  });

test.skipIf(!IS_ROOT).each(MODES)(
  "in mode %s a sandbox that is closed in the midst of its self-test leaves no process of it [needs root]",
  async (mode) => {
    const sandbox = await open(mode);
    const tried = sandbox.selfTest();
    // Sleeps would miss it: the test may be over in a tenth of a second.
    while (processesOf(SELF_TEST_UID).length === 0) await new Promise(setImmediate);
    await sandbox.close();
    expect(processesOf(SELF_TEST_UID)).toEqual([]);
    expect(await tried).toMatchObject({ code: "sandbox_unavailable" });
  },
);

test.each(MODES)("in mode %s the wall holds on this machine", async (mode) => {
  const sandbox = await open(mode);
  try {
    expect(await sandbox.selfTest()).toBeUndefined();
  } finally {
    await sandbox.close();
  }
});
