import { readFileSync } from "node:fs";

/** The rest is for files, the database, builds and servers behind rewrites. */
const PART = 3 / 4;
const MOST = 32_768;

/**
 * How many connections this process may hold: a descriptor each, and without any the kernel hands out none, not to a
 * single file either. Pure but for `limits`.
 * @param limits text of `/proc/self/limits` (proc(5))
 */
export function connectionRoom(limits = readFileSync("/proc/self/limits", "utf8")): number {
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.min(MOST, Math.floor(files * PART));
}
