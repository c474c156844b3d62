import { FFIType } from "bun:ffi";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { loadLibc } from "../libc.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;
/** Of an open file's lock that somebody else holds; the other failures of a non-blocking flock don't pass by waiting. */
const WAIT_MAX_MS = 8;

let flock: ((fd: number, operation: number) => number) | undefined;

/**
 * Runs `work` while this process alone holds the lock of `path`, a file that is made and never removed. The lock is
 * the kernel's (flock(2)): it ends with its holder, so a crash leaves none behind. Within one process it holds too,
 * since each call opens the file anew.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  flock ??= loadFlock();
  const fd = openSync(path, "a", 0o600);
  try {
    for (let waitMs = 0.5; flock(fd, LOCK_EX | LOCK_NB) !== 0; waitMs = Math.min(waitMs * 2, WAIT_MAX_MS)) {
      await sleep(waitMs * (0.5 + Math.random()));
    }
    return await work();
  } finally {
    closeSync(fd);
  }
}

/**
 * Takes the lock of `path` for as long as this process lives, or until the returned function is called.
 * @returns undefined when another one holds it
 */
export function holdFileLock(path: string): { fd: number; release(): void } | undefined {
  flock ??= loadFlock();
  const fd = openSync(path, "a+", 0o600);
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return { fd, release: () => closeSync(fd) };
  closeSync(fd);
  return undefined;
}

function loadFlock(): (fd: number, operation: number) => number {
  return loadLibc({ flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } } as const).flock;
}
