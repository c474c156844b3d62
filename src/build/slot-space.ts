import { BerthError } from "../model/errors.ts";
import type { Tree } from "../model/tree.ts";

/** What a file takes of a slot's volume comes in blocks of this size (ext4(5)). */
const BLOCK_BYTES = 4096;
const MIB = 1024 ** 2;

/**
 * A source that a slot has no room for is its owner's to mend, and would be as large at every further attempt.
 * @throws BerthError `build_limit` with both sizes
 */
export function assertSourceFits({ entries }: Pick<Tree, "entries">, { diskBytes }: { diskBytes: number }): void {
  const bytes = entries.reduce((sum, { size }) => sum + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES, 0);
  if (bytes > diskBytes) throw tooLarge(diskBytes, `takes ${Math.ceil(bytes / MIB)} MiB`);
}

/**
 * What was thrown while a source was written into a slot. On a volume of the slot's own ENOSPC says that the source,
 * with what the file system keeps for itself, is too large; without a volume it is the machine's disk that is full.
 * @returns BerthError `build_limit`, else what was thrown
 */
export function sourceFault(
  thrown: unknown,
  { diskBytes, hasVolume }: { diskBytes: number; hasVolume: boolean },
): unknown {
  const isFull = (thrown as NodeJS.ErrnoException).code === "ENOSPC";
  return isFull && hasVolume ? tooLarge(diskBytes, "does not fit with its history") : thrown;
}

function tooLarge(diskBytes: number, what: string): BerthError {
  const limit = `${Math.round(diskBytes / MIB)} MiB`;
  return new BerthError("build_limit", `The source ${what}, and a build has ${limit} of disk space.`, {
    hint: "Keep large files out of the repository, or raise BERTH_BUILD_DISK_MIB: dependencies and output need room, too.",
  });
}
