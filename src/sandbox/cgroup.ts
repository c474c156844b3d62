import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { nanoid } from "nanoid";
import { BerthError } from "../model/errors.ts";
import { type CgroupPlaces, CONTROLLERS, cgroupPlaces } from "./cgroup-places.ts";
import { identify, kill } from "./process-tree.ts";
import type { RunLimits } from "./sandbox.ts";

/**
 * Builds run on the CPU time that nothing else wants (cpu.idle, from kernel 5.15 on); before that all of them together
 * weigh this of 100 against each of their neighbours (cpu.weight, io.weight).
 */
const WEIGHT = 2;
/** The same for version 1, of 1024 (cpu.shares) and of 500 (blkio.bfq.weight). */
const SHARES = 16;
const BLKIO_WEIGHT = 64;
/** Of the memory, as much again may lie in sockets, where that is counted apart; over it they wait for their readers. */
const SOCKETS_PART = 1 / 8;
/** What the kernel lets every socket hold in spite of that, in very many of them: then the run is over. */
const SOCKETS_END_PART = 2 * SOCKETS_PART;
const PARENT = "berth";

/** The control groups of one run; all of its processes are in them from before its first instruction. */
export interface RunCgroup {
  folders: readonly string[];
  /** Whether it weighs less than its neighbours for the CPU. */
  hasWeight: boolean;
  /** Moves a process in; what it starts from then on is in. */
  place(pid: number): void;
  /** The limit that was hit, even when the command itself came to a good end. */
  hit(): "memory" | "processes" | undefined;
}

export interface Cgroups {
  /** For people: which version holds. */
  readonly name: string;
  open(limits: Pick<RunLimits, "memoryBytes" | "processes">): RunCgroup;
}

/** The way of this machine and user to hold a run to memory and tasks by the kernel; undefined when there is none. */
export function findCgroups(): Cgroups | undefined {
  const places = cgroupPlaces(readOr("/proc/self/mountinfo"), readOr("/proc/self/cgroup"));
  for (const version of [2, 1] as const) {
    const cgroups: Cgroups = {
      name: `cgroup v${version}`,
      open: (limits) => openRun(places, version, limits),
    };
    try {
      const tried = cgroups.open({ memoryBytes: 1024 ** 2, processes: 1 });
      removeNow(tried.folders);
      return cgroups;
    } catch {
      // Not mounted, read-only, or without the controllers: the next one.
    }
  }
  return undefined;
}

function openRun(
  places: CgroupPlaces,
  version: 1 | 2,
  limits: Pick<RunLimits, "memoryBytes" | "processes">,
): RunCgroup {
  const name = `run.${nanoid(10)}`;
  const folders: string[] = [];
  const make = (place: string): string => {
    const folder = join(place, PARENT, name);
    makeFolder(folder);
    folders.push(folder);
    return folder;
  };
  try {
    const files = version === 2 ? unifiedFiles(places, make) : legacyFiles(places, make);
    // Without swap: a build that swaps hurts everybody. The second limit counts memory and swap.
    for (const [file, value, isNeeded] of files.values(limits)) {
      try {
        writeFileSync(file, value);
      } catch (error) {
        if (isNeeded) throw error;
      }
    }
    return runCgroup(folders, files, limits);
  } catch (error) {
    removeNow(folders);
    throw new BerthError("sandbox_unavailable", `A control group can't be made: ${(error as Error).message}`, {
      hint: "Run 'berth doctor': it tries the sandbox and says what this machine lacks.",
      cause: error,
    });
  }
}

interface GroupFiles {
  values(limits: Pick<RunLimits, "memoryBytes" | "processes">): (readonly [string, string, boolean])[];
  memoryEvents: string;
  pidsEvents: string;
  /** What sockets hold, in bytes; empty where it is a part of the memory. */
  sockets: string;
  weight: string;
}

/** The kernel's cgroup-v2 page, "Controllers". */
function unifiedFiles(places: CgroupPlaces, make: (place: string) => string): GroupFiles {
  if (places.unified === undefined) throw new Error("cgroup v2 is not mounted");
  const group = make(places.unified);
  for (const above of [places.unified, dirname(group)]) {
    for (const controller of ["memory", "pids", "cpu", "io"]) {
      try {
        writeFileSync(join(above, "cgroup.subtree_control"), `+${controller}`);
      } catch {
        // What is missing then is seen by the files that are not there.
      }
    }
  }
  return {
    values: ({ memoryBytes, processes }) => [
      [join(group, "memory.max"), String(memoryBytes), true],
      [join(group, "memory.swap.max"), "0", false],
      [join(group, "memory.oom.group"), "1", false],
      [join(group, "pids.max"), String(processes), true],
      [join(dirname(group), "cpu.weight"), String(WEIGHT), false],
      [join(dirname(group), "cpu.idle"), "1", false],
      [join(dirname(group), "io.weight"), String(WEIGHT), false],
    ],
    memoryEvents: join(group, "memory.events"),
    pidsEvents: join(group, "pids.events"),
    sockets: "",
    weight: join(dirname(group), "cpu.weight"),
  };
}

/** The kernel's cgroup-v1 pages. */
function legacyFiles(places: CgroupPlaces, make: (place: string) => string): GroupFiles {
  const { memory, pids } = places.legacy;
  if (memory === undefined || pids === undefined) throw new Error("no memory and pids controllers");
  const made = new Map(
    CONTROLLERS.flatMap((controller) => {
      const place = places.legacy[controller];
      return place === undefined ? [] : [[controller, make(place)] as const];
    }),
  );
  const file = (controller: (typeof CONTROLLERS)[number], name: string) => join(made.get(controller) ?? "", name);
  const above = (controller: (typeof CONTROLLERS)[number], name: string) =>
    join(dirname(made.get(controller) ?? ""), name);
  // Without controllers it can still kill.
  if (places.unified !== undefined) make(places.unified);
  return {
    values: ({ memoryBytes, processes }) => [
      [file("memory", "memory.limit_in_bytes"), String(memoryBytes), true],
      [file("memory", "memory.memsw.limit_in_bytes"), String(memoryBytes), false],
      // UDP's too. Without a limit it is not even counted.
      [file("memory", "memory.kmem.tcp.limit_in_bytes"), String(Math.floor(memoryBytes * SOCKETS_PART)), false],
      [file("pids", "pids.max"), String(processes), true],
      ...(made.has("cpu") ? [[above("cpu", "cpu.shares"), String(SHARES), false] as const] : []),
      ...(made.has("cpu") ? [[above("cpu", "cpu.idle"), "1", false] as const] : []),
      ...(made.has("blkio") ? [[above("blkio", "blkio.bfq.weight"), String(BLKIO_WEIGHT), false] as const] : []),
    ],
    memoryEvents: file("memory", "memory.oom_control"),
    pidsEvents: file("pids", "pids.events"),
    sockets: file("memory", "memory.kmem.tcp.usage_in_bytes"),
    weight: made.has("cpu") ? above("cpu", "cpu.shares") : "",
  };
}

function runCgroup(
  folders: readonly string[],
  files: GroupFiles,
  { memoryBytes }: Pick<RunLimits, "memoryBytes">,
): RunCgroup {
  return {
    folders,
    hasWeight: existsSync(files.weight),
    place(pid) {
      for (const folder of folders) writeFileSync(join(folder, "cgroup.procs"), String(pid));
    },
    hit() {
      if (/^oom_kill [1-9]/m.test(readOr(files.memoryEvents))) return "memory";
      if (Number(readOr(files.sockets)) > memoryBytes * SOCKETS_END_PART) return "memory";
      if (/^max [1-9]/m.test(readOr(files.pidsEvents))) return "processes";
      return undefined;
    },
  };
}

/** Kills what is in the groups, waits until they are empty, and removes them. Those that are gone are no error. */
export async function removeCgroups(folders: readonly string[]): Promise<void> {
  for (;;) {
    const members = folders.flatMap((folder) => readOr(join(folder, "cgroup.procs")).split("\n").filter(Boolean));
    if (members.length === 0 && removeNow(folders)) return;
    // All at once where the kernel can, so that none can fork away.
    for (const folder of folders) if (members.length > 0) killAll(folder);
    for (const id of new Set(members)) {
      const member = identify(Number(id));
      if (member !== undefined) kill(member);
    }
    await Bun.sleep(2);
  }
}

function killAll(folder: string): void {
  try {
    writeFileSync(join(folder, "cgroup.kill"), "1", { flag: "r+" });
  } catch {
    // Version 1, or an old kernel: they are killed one by one.
  }
}

/** @returns false while one of them is still in use */
function removeNow(folders: readonly string[]): boolean {
  let isDone = true;
  for (const folder of folders) {
    if (!tryRemove(folder)) isDone = false;
    // The last run takes the common group along; a container's end would fail on it.
    else tryRemove(dirname(folder));
  }
  return isDone;
}

function tryRemove(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

/** Another run may remove the common group between its making and that of the group below. */
function makeFolder(folder: string): void {
  for (let attempt = 0; ; attempt += 1) {
    try {
      mkdirSync(folder, { recursive: true });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || attempt === 5) throw error;
    }
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
