import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nanoid } from "nanoid";
import { removeCgroups } from "./cgroup.ts";
import { identify, isGone, type ProcessId, processesWithOpen, untilGone } from "./process-tree.ts";

/** Which platform process a slot belongs to; told apart over reboots and containers. */
interface Owner extends ProcessId {
  bootId: string;
  pidNamespace: string;
}

/** What a run leaves behind when the platform is killed. */
interface RunRecord {
  first?: ProcessId | undefined;
  cgroups: readonly string[];
}

const ownerFile = (slotRoot: string): string => join(slotRoot, "run", "owner");
const RECORD = "left.";

/** Says that a folder is this process's, for `abandonedRoots`. Its folder `run` has to be there. */
export function writeOwner(slotRoot: string): void {
  writeFileSync(ownerFile(slotRoot), JSON.stringify(self()));
}

/** @returns the record's file, to be removed at the end of the run */
export function writeRecord(runDirectory: string, record: RunRecord): string {
  const path = join(runDirectory, `${RECORD}${nanoid(8)}`);
  writeFileSync(path, JSON.stringify(record));
  return path;
}

/** Of folders with an owner those whose platform is dead. What can't be judged from here is left alone. */
export function abandonedRoots(roots: readonly string[], { ownerless }: { ownerless: boolean }): string[] {
  const now = self();
  return roots.filter((root) => {
    const owner = readJson<Owner>(ownerFile(root));
    if (owner === undefined) return ownerless;
    if (owner.bootId !== now.bootId) return true;
    return owner.pidNamespace === now.pidNamespace && isGone(owner);
  });
}

/** Ends what the runs of a dead platform have left alive. */
export async function endLeftRuns(slotRoot: string): Promise<void> {
  const folder = join(slotRoot, "run");
  if (!existsSync(folder)) return;
  const isThisBoot = readJson<Owner>(ownerFile(slotRoot))?.bootId === self().bootId;
  for (const name of readdirSync(folder).filter((name) => name.startsWith(RECORD))) {
    const record = readJson<RunRecord>(join(folder, name));
    if (record !== undefined && isThisBoot) {
      if (record.first !== undefined) await untilGone(record.first);
      await removeCgroups(record.cgroups);
    }
    rmSync(join(folder, name), { force: true });
  }
  // bwrap's inner half, where the outer one was killed before it gave leave to go on: that is waited for without an end,
  // in no control group and before anything of a build's. Of its run's files it has one open.
  for (const id of processesWithOpen(folder, "bwrap")) await untilGone(id);
}

function self(): Owner {
  const id = identify(process.pid);
  if (id === undefined) throw new Error("/proc is not mounted");
  return {
    ...id,
    bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    pidNamespace: readlinkSync("/proc/self/ns/pid"),
  };
}

/** A file that a crash left half-written counts as none. */
function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}
