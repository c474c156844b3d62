import { readFileSync, readlinkSync, statfsSync } from "node:fs";
import type { RunCgroup } from "./cgroup.ts";
import { type ProcessId, treeUsage } from "./process-tree.ts";
import type { RunLimits, RunResult } from "./sandbox.ts";
import { runTool } from "./tools.ts";
import { isFull } from "./volume.ts";

export type StopCause = Exclude<RunResult["cause"], "exit">;

/** A look at du's cost: a folder that takes long to add up is added up less often. */
const DISK_LEAST_EVERY_MS = 1000;
const DISK_EVERY_TIMES = 5;

/** Tells when a run has hit a limit. */
export interface Guard {
  /** While it runs; cheap enough for many times a second. */
  look(first: ProcessId): StopCause | undefined;
  /** When everything of it is dead. */
  atEnd(): Promise<StopCause | undefined>;
}

export interface GuardOptions {
  limits: RunLimits;
  /** Where the kernel counts; without it the process tree is looked at. */
  cgroup: RunCgroup | undefined;
  /** What the slot's folders lie in. */
  disk: string;
  /** Whether that is a volume of fixed size; else its total is watched. */
  isVolume: boolean;
  /** The machine's; by default what the kernel tells. */
  memory?: () => Space;
}

export function openGuard({ limits, cgroup, disk, isVolume, memory = memoryOf }: GuardOptions): Guard {
  const total = isVolume ? undefined : watchTotal(disk, limits.diskBytes);
  const isOverDisk = () => (total === undefined ? isFull(disk) : total.lookNowAndThen() > limits.diskBytes);
  // What is everybody's must not run out, whoever fills it. What a build keeps in sockets, in pipes and in files without
  // a name is no process's memory, so that without a cgroup nobody counts it; and some of it no cgroup counts either.
  const isMemoryShort = () => isShortOfMemory(memory());
  const isOverSockets = (first: ProcessId) => socketsOf(first) * UNCOUNTED_BYTES > limits.memoryBytes;
  const isHostShort = () => total !== undefined && isShort(spaceOf(disk));
  const lookAtTree = (first: ProcessId): StopCause | undefined => {
    const usage = treeUsage(first, limits.memoryBytes);
    if (usage.memoryBytes > limits.memoryBytes) return "memory";
    return usage.tasks > limits.processes ? "processes" : undefined;
  };
  return {
    look: (first) =>
      (cgroup === undefined ? lookAtTree(first) : cgroup.hit()) ??
      (isOverSockets(first) || isMemoryShort() ? "memory" : undefined) ??
      (isOverDisk() || isHostShort() ? "disk" : undefined),
    async atEnd() {
      // A run may write faster than the looks come, and be over before the next one.
      await total?.look();
      return cgroup?.hit() ?? (isOverDisk() ? "disk" : undefined);
    },
  };
}

/**
 * What one socket may hold that is counted as nobody's memory: answers of the kernel that wait to be read (socket(7),
 * rmem_default, which the system-call filter lets nobody raise), and options (optmem_max), which are less.
 */
const UNCOUNTED_BYTES = 208 * 1024;

/** Sockets of a run's own network namespace, of all families; 0 where it has none. */
function socketsOf({ pid }: ProcessId): number {
  try {
    if (readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync("/proc/self/ns/net")) return 0;
    return Number(/^sockets: used (\d+)/m.exec(readFileSync(`/proc/${pid}/net/sockstat`, "utf8"))?.[1] ?? 0);
  } catch {
    // It is gone.
    return 0;
  }
}

interface Space {
  totalBytes: number;
  freeBytes: number;
}

const LEAST_FREE_BYTES = 512 * 1024 ** 2;
const MOST_KEPT_BYTES = 4 * 1024 ** 3;
const LEAST_FREE_PART = 0.02;

/** Whether a file system that a build shares with others is nearly full: below 2 %, of 0.5 GiB at least, 4 GiB at most. */
export function isShort({ totalBytes, freeBytes }: Space): boolean {
  return freeBytes < Math.min(MOST_KEPT_BYTES, Math.max(LEAST_FREE_BYTES, totalBytes * LEAST_FREE_PART));
}

function spaceOf(disk: string): Space {
  const { bavail, blocks, bsize } = statfsSync(disk);
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}

const LEAST_FREE_MEMORY_BYTES = 128 * 1024 ** 2;
const MOST_KEPT_MEMORY_BYTES = 1024 ** 3;
const LEAST_FREE_MEMORY_PART = 0.03;

/** Whether the machine's memory is nearly used up: below 3 %, of 128 MiB at least, 1 GiB at most. */
export function isShortOfMemory({ totalBytes, freeBytes }: Space): boolean {
  const kept = Math.max(LEAST_FREE_MEMORY_BYTES, totalBytes * LEAST_FREE_MEMORY_PART);
  return freeBytes < Math.min(MOST_KEPT_MEMORY_BYTES, kept);
}

/** proc(5), /proc/meminfo: MemTotal and MemAvailable; of a kernel that does not tell there is always enough. */
function memoryOf(): Space {
  const text = readFileSync("/proc/meminfo", "utf8");
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Infinity) * 1024;
  return { totalBytes: bytes("MemTotal"), freeBytes: bytes("MemAvailable") };
}

/** What may vanish from the file system before the total is looked at out of turn. */
const SUDDEN_PART = 1 / 8;

/** du(1) follows no link and stays on the file system. Its last answer counts until the next one is there. */
function watchTotal(disk: string, limitBytes: number): { look(): Promise<void>; lookNowAndThen(): number } {
  let totalBytes = 0;
  let freeBefore = spaceOf(disk).freeBytes;
  let dueAtMs = performance.now() + DISK_LEAST_EVERY_MS;
  let isLooking = false;
  const look = async () => {
    const startedAtMs = performance.now();
    const text = await runTool(["du", "-s", "-x", "--block-size=1", "--", disk]).catch(() => "");
    totalBytes = Number(/^\d+/.exec(text)?.[0] ?? totalBytes);
    const tookMs = performance.now() - startedAtMs;
    dueAtMs = performance.now() + Math.max(DISK_LEAST_EVERY_MS, tookMs * DISK_EVERY_TIMES);
    isLooking = false;
  };
  return {
    look,
    lookNowAndThen() {
      const { freeBytes } = spaceOf(disk);
      const isSudden = freeBefore - freeBytes > limitBytes * SUDDEN_PART;
      if (!isLooking && (isSudden || performance.now() >= dueAtMs)) {
        isLooking = true;
        freeBefore = freeBytes;
        void look();
      }
      return totalBytes;
    },
  };
}
