import type { RunLimits } from "./sandbox.ts";

/** A little room above the limit, so that the watchdog sees it passed before the kernel refuses. */
const TASKS_HEADROOM = 32;
const OPEN_FILES = 4096;
/**
 * core(5): where the host gives core dumps to a program, a limit of 0 does not keep the kernel from starting it, as root
 * and outside of a build's limits; the smallest other one does.
 */
const CORE_BYTES = 1;

/**
 * Behind serving, but never starved by a busy machine: the last of the usual I/O class; for the CPU about the weight
 * that a control group gives (sched(7): each step of nice is a tenth), which has no need of it then.
 */
function lowPriority(hasWeight: boolean): string[] {
  return [...(hasWeight ? [] : ["nice", "-n", "10"]), "ionice", "-c", "2", "-n", "7", "--"];
}

/** prlimit(1), choom(1), nice(1), ionice(1): what the kernel holds a process and all its children to. */
export function limitPrefix(limits: RunLimits, options: { tasksOfOthers: number; hasWeight: boolean }): string[] {
  const tasks = limits.processes + TASKS_HEADROOM + options.tasksOfOthers;
  return [
    ...["prlimit", `--core=${CORE_BYTES}`, `--nofile=${OPEN_FILES}`, `--nproc=${tasks}`, `--fsize=${limits.fileBytes}`],
    ...["choom", "-n", "1000", "--", ...lowPriority(options.hasWeight)],
  ];
}

/** For a program that needs root's own limits and holds its command to them itself. */
export function trustedPrefix(options: { hasWeight: boolean }): string[] {
  return ["choom", "-n", "1000", "--", ...lowPriority(options.hasWeight)];
}

/** setpriv(1): from root to a slot's user, for good. */
export function dropPrefix(uid: number): string[] {
  return [
    ...["setpriv", "--reuid", String(uid), "--regid", String(uid), "--clear-groups"],
    ...["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"],
  ];
}

/** Programs are found by it on the host; the environment of what is started is empty. */
const TOOL_FOLDERS = "/usr/sbin:/usr/bin:/sbin:/bin";

export function findTool(name: string): string | null {
  return Bun.which(name, { PATH: TOOL_FOLDERS });
}

/** bwrap's environment is seen inside as /proc/1/environ: nothing but the PATH by which setpriv finds bwrap. */
export const TOOL_ENVIRONMENT = { PATH: TOOL_FOLDERS };
