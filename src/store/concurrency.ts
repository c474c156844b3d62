/**
 * Runs `work` for each item, at most `atOnce` at the same time, and takes the next item only when there is room for
 * it. After a failure no further item is taken; what runs is waited for, then the first failure is thrown.
 */
export async function inParallel<T>(
  items: Iterable<T> | AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    const one = work(item)
      .catch((error) => void failures.push(error))
      .then(() => void running.delete(one));
    running.add(one);
    if (running.size >= atOnce) await Promise.race(running);
    if (failures.length > 0) break;
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}

/** Hands items on as long as those that are not given back weigh no more than the bound; a heavier one goes alone. */
export class Pacer<T> {
  private inside = 0;
  private wake: () => void = () => undefined;

  constructor(
    private readonly bound: number,
    private readonly weightOf: (item: T) => number,
  ) {}

  async *pace(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
    for await (const item of items) {
      while (this.inside > 0 && this.inside + this.weightOf(item) > this.bound) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
      this.inside += this.weightOf(item);
      yield item;
    }
  }

  giveBack(item: T): void {
    this.inside -= this.weightOf(item);
    this.wake();
  }
}
