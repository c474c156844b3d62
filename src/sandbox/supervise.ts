import type { ChildProcess } from "node:child_process";
import type { Guard, StopCause } from "./guard.ts";
import { isGone, kill, oomKills, type ProcessId, untilGone } from "./process-tree.ts";
import type { RunOptions, RunResult } from "./sandbox.ts";

const WATCH_EVERY_MS = 50;
/** signal(7), as a shell's exit status: over the limit of a single file's size; killed. */
const STATUS_FILE_TOO_LARGE = 128 + 25;
const STATUS_KILLED = 128 + 9;
const ERROR_TAIL_BYTES = 4096;

/** All but where it went. */
export type Ending = Omit<RunResult, "contacted" | "refusedHosts">;

export interface Ended {
  /** Status of the started program, null when it was killed by a signal. */
  status: number | null;
  /** What it was stopped for, or the limit that something of it had hit when all was over. */
  stopped: StopCause | undefined;
  /** Whether the kernel killed something for memory meanwhile, anywhere on the machine. */
  oomKilled: boolean;
  durationMs: number;
  /** The last of what it wrote to standard error. */
  errorTail: string;
}

/**
 * Holds a started program to its limits and waits for its end and that of everything below it.
 * @param first resolves with the process whose end is the end of all, as soon as it is known
 */
export async function supervise(
  child: ChildProcess,
  { options, first, guard }: { options: RunOptions; first: Promise<ProcessId | undefined>; guard: Guard },
): Promise<Ended> {
  const startedAtMs = performance.now();
  const killsBefore = oomKills();
  let stopped: StopCause | undefined;
  let over = false;
  const stop = (cause: StopCause) => {
    if (over) return;
    stopped ??= cause;
    // Never before it is known whom to kill: what the first process has not made yet can't outlive it.
    void first.then((id) => (id === undefined ? child.kill("SIGKILL") : kill(id)));
  };
  const tail = watchOutput(child, { options, onOver: () => stop("log") });
  const wall = setTimeout(() => stop("timeout"), options.limits.wallMs);
  const onAbort = () => stop("canceled");
  options.signal.addEventListener("abort", onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  const ended = whenEnded(child);
  const exited = whenExited(child).then(() => {
    over = true;
  });
  void first.then((id) => id && watchUsage(id, { guard, stop, isOver: () => over }));
  try {
    await exited;
    const id = await first;
    // bwrap reports the end of the command before the last of its processes is dead.
    if (id !== undefined) await untilGone(id);
    const status = await ended;
    const durationMs = performance.now() - startedAtMs;
    stopped ??= await guard.atEnd();
    return { status, stopped, oomKilled: oomKills() > killsBefore, durationMs, errorTail: tail() };
  } finally {
    clearTimeout(wall);
    options.signal.removeEventListener("abort", onAbort);
  }
}

function whenExited(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("exit", () => resolve());
    child.once("error", reject);
  });
}

/** All of its output has been read, too. */
function whenEnded(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("close", (status) => resolve(status)));
}

function watchOutput(
  child: ChildProcess,
  { options, onOver }: { options: RunOptions; onOver: () => void },
): () => string {
  let leftBytes = options.limits.logBytes;
  let tail = Buffer.alloc(0);
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.on("data", (bytes: Buffer) => {
      if (leftBytes <= 0 && bytes.length > 0) return onOver();
      const kept = bytes.subarray(0, leftBytes);
      leftBytes -= bytes.length;
      if (stream === "stderr") tail = Buffer.concat([tail, kept]).subarray(-ERROR_TAIL_BYTES);
      const taken = options.onOutput(stream, kept);
      if (taken !== undefined) {
        child[stream]?.pause();
        // Who could not take the bytes knows why; what is left is to read the stream to its end.
        const readOn = () => void child[stream]?.resume();
        taken.then(readOn, readOn);
      }
      if (leftBytes < 0) onOver();
    });
  }
  return () => tail.toString("utf8");
}

interface Watch {
  guard: Guard;
  stop: (cause: StopCause) => void;
  isOver: () => boolean;
}

async function watchUsage(id: ProcessId, { guard, stop, isOver }: Watch): Promise<void> {
  while (!isOver() && !isGone(id)) {
    const cause = guard.look(id);
    if (cause !== undefined) return stop(cause);
    await Bun.sleep(WATCH_EVERY_MS);
  }
}

/** What shells, libuv and glibc say when RLIMIT_NPROC refuses: it may be over before the watchdog's next look. */
const NO_MORE_TASKS =
  /Cannot fork|fork: (retry: )?Resource temporarily unavailable|spawn \S+ EAGAIN|pthread_create: Resource temporarily/;

/** ENOSPC and EDQUOT, as errno(3) and Node name them; also of the sandbox's own /tmp. */
const NO_MORE_SPACE = /No space left on device|Disk quota exceeded|\bENOSPC\b|\bEDQUOT\b/;

/** How a run ended, from the command's own status and what happened around it. */
export function resultOf(ended: Ended, status: number | null): Ending {
  const { stopped, durationMs } = ended;
  if (stopped !== undefined) return { exit: null, cause: stopped, durationMs };
  if (status === STATUS_FILE_TOO_LARGE) return { exit: null, cause: "disk", durationMs };
  if ((status === STATUS_KILLED || status === null) && ended.oomKilled)
    return { exit: null, cause: "memory", durationMs };
  if (status !== 0 && NO_MORE_TASKS.test(ended.errorTail)) return { exit: null, cause: "processes", durationMs };
  if (status !== 0 && NO_MORE_SPACE.test(ended.errorTail)) return { exit: null, cause: "disk", durationMs };
  return { exit: status, cause: "exit", durationMs };
}
