import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** proc(5): an id alone may have been given out again, so it goes with the start in clock ticks since boot. */
export interface ProcessId {
  pid: number;
  startTicks: string;
}

interface ProcessStat extends ProcessId {
  state: string;
  parent: number;
  tasks: number;
  residentPages: number;
}

export interface TreeUsage {
  memoryBytes: number;
  /** Threads, as RLIMIT_NPROC counts. */
  tasks: number;
}

const PAGE_BYTES = 4096;

export function identify(pid: number): ProcessId | undefined {
  const stat = readStat(pid);
  return stat && { pid, startTicks: stat.startTicks };
}

/**
 * The first process of a pid namespace becomes a zombie only after the kernel has killed and reaped all others in it
 * (zap_pid_ns_processes), so its end is the end of all.
 */
export function isGone({ pid, startTicks }: ProcessId): boolean {
  const stat = readStat(pid);
  return stat === undefined || stat.startTicks !== startTicks || stat.state === "Z" || stat.state === "X";
}

/** SIGKILL, and never to a process that has got the id since. */
export function kill(id: ProcessId): void {
  if (isGone(id)) return;
  try {
    process.kill(id.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Resolves when the process, and with it its pid namespace, is gone. */
export async function untilGone(id: ProcessId): Promise<void> {
  while (!isGone(id)) {
    kill(id);
    await Bun.sleep(2);
  }
}

/**
 * What a process and all below it hold. A sum of resident pages counts shared pages once for each process; only when
 * it is over `limitBytes` the exact share is read, which is slow.
 */
export function treeUsage(root: ProcessId, limitBytes: number): TreeUsage {
  const members = membersOf(root);
  const tasks = members.reduce((sum, member) => sum + member.tasks, 0);
  const resident = members.reduce((sum, member) => sum + member.residentPages * PAGE_BYTES, 0);
  if (resident <= limitBytes) return { memoryBytes: resident, tasks };
  return { memoryBytes: members.reduce((sum, member) => sum + proportionalBytes(member), 0), tasks };
}

function membersOf(root: ProcessId): ProcessStat[] {
  const first = readStat(root.pid);
  if (first === undefined || first.startTicks !== root.startTicks) return [];
  const children = new Map<number, ProcessStat[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readStat(pid) : undefined;
    if (stat === undefined) continue;
    const siblings = children.get(stat.parent);
    if (siblings) siblings.push(stat);
    else children.set(stat.parent, [stat]);
  }
  const members = [first];
  for (let index = 0; index < members.length; index += 1) members.push(...(children.get(members[index]!.pid) ?? []));
  return members;
}

/** Processes of one real user id. */
export function processesOf(uid: number): ProcessId[] {
  return processesWhere((pid) => realUid(pid) === uid);
}

/** Processes of that program that have a file below the folder open, be it removed meanwhile. */
export function processesWithOpen(folder: string, program: string): ProcessId[] {
  return processesWhere((pid) => nameOf(pid) === program && hasOpenBelow(pid, folder));
}

function processesWhere(isMeant: (pid: number) => boolean): ProcessId[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isMeant(pid))
    .flatMap((pid) => identify(pid) ?? [])
    .filter((id) => !isGone(id));
}

function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}

function hasOpenBelow(pid: number, folder: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(`${folder}/`));
  } catch {
    return false;
  }
}

function realUid(pid: number): number | undefined {
  try {
    return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}

/** proc(5), /proc/pid/stat. The name in brackets may hold anything, so the fields are counted from its end. */
function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    pid,
    state: fields[0]!,
    parent: Number(fields[1]),
    tasks: Number(fields[17]),
    startTicks: fields[19]!,
    residentPages: Number(fields[21]),
  };
}

function proportionalBytes(member: ProcessStat): number {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${member.pid}/smaps_rollup`, "utf8"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // A process may forbid the look or be gone: its resident pages stand.
  }
  return member.residentPages * PAGE_BYTES;
}

/** The kernel's own count of processes that it killed for memory since boot. */
export function oomKills(): number {
  return Number(/^oom_kill (\d+)/m.exec(readFileSync("/proc/vmstat", "utf8"))?.[1] ?? 0);
}
