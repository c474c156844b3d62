import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runToEnd } from "../../test/support/process.ts";

export interface LoadOrder {
  port: number;
  /** Asked in turn. */
  hosts: readonly string[];
  path: string;
  connections: number;
  seconds: number;
  /** Requests a second, which makes it open; null is closed. */
  rate: number | null;
  /** The core that it has for itself, and may keep busy; on cores that others need too it waits by the millisecond. */
  cpu?: number;
}

export interface LoadResult {
  answered: number;
  perSecond: number;
  /** From due (open) or sent (closed) to the last byte, in milliseconds. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Of each tenth of a second the p99, and of those the median: a machine that halts now and then is left out of it. */
  p99OfTenthsMs: number;
}

/** Young objects, which are nearly all, are cleared away once in many seconds. */
const NURSERY_MIB = 64;

/** Runs `load-process.ts` on Node, whose sockets read into one buffer again and again: its own pauses are short and rare. */
export async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), "berth-load-"));
  try {
    const made = await Bun.build({
      ...{ entrypoints: [join(import.meta.dir, "load-process.ts")], outdir: folder },
      ...{ target: "node", naming: "load.mjs" },
    });
    if (!made.success) throw new AggregateError(made.logs, "the load could not be made");
    const pinned = order.cpu === undefined ? [] : ["taskset", "-c", `${order.cpu}`];
    const node = ["node", `--max-semi-space-size=${NURSERY_MIB}`];
    return JSON.parse(
      await runToEnd([...pinned, ...node, join(folder, "load.mjs"), JSON.stringify(order)]),
    ) as LoadResult;
  } finally {
    await rm(folder, { recursive: true });
  }
}
