import { readdirSync, readFileSync } from "node:fs";

/** What proc(5) counts times in, on every Linux that Berth runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time that these processes and those below them have taken, in seconds. */
export function cpuSecondsOf(pids: readonly number[]): number {
  const parents = new Map<number, { parent: number; ticks: number }>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    // The fields behind the name of the program: state, parent, and as 12th and 13th the ticks as user and in the kernel.
    if (fields !== undefined)
      parents.set(Number(name), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
  }
  const isBelow = (pid: number): boolean =>
    pids.includes(pid) || (parents.has(pid) && isBelow(parents.get(pid)!.parent));
  let ticks = 0;
  for (const [pid, process] of parents) if (isBelow(pid)) ticks += process.ticks;
  return ticks / TICKS_PER_SECOND;
}

function statOf(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined; // it has ended
  }
}
