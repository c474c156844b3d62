import type { Counts } from "./counts.ts";

/** Upper bounds of the buckets, in seconds; beyond them is one more. */
export const BOUNDS_SECONDS: readonly number[] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const CLASSES = ["2xx", "3xx", "4xx", "5xx"] as const;

/** Of the answers of one status class. */
export interface ClassDurations {
  class: (typeof CLASSES)[number];
  /** How many took at most so long, for each bound and for all. */
  counts: number[];
  sumSeconds: number;
}

/**
 * How long it took until answers began, in buckets. Only those that had to wait for something are timed; all others were
 * made at once from memory, so they count in the first bucket, and cost nothing here.
 */
export class Durations {
  private readonly waits = CLASSES.map(() => ({
    buckets: new Array<number>(BOUNDS_SECONDS.length + 1).fill(0),
    sumSeconds: 0,
  }));

  /** @param counts where every answer is counted, those that waited too */
  constructor(private readonly counts: Counts) {}

  waited(status: number, milliseconds: number): void {
    const seconds = milliseconds / 1000;
    const wait = this.waits[Math.min(5, Math.max(2, Math.floor(status / 100))) - 2]!;
    const bucket = BOUNDS_SECONDS.findIndex((bound) => seconds <= bound);
    wait.buckets[bucket === -1 ? BOUNDS_SECONDS.length : bucket]! += 1;
    wait.sumSeconds += seconds;
  }

  read(): ClassDurations[] {
    return CLASSES.map((name, index) => {
      const { buckets, sumSeconds } = this.waits[index]!;
      let sum = this.counts[`status${name}`] - buckets.reduce((all, count) => all + count, 0);
      const counts = buckets.map((count) => {
        sum += count;
        return sum;
      });
      return { class: name, counts, sumSeconds };
    });
  }
}
