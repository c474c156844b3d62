/** A place in a cache: whoever holds on to it keeps no value in memory that the cache has let go of. */
export interface Held<Value> {
  /** undefined once it is no longer kept. */
  value: Value | undefined;
}

interface Entry<Value> extends Held<Value> {
  sizeBytes: number;
  /** Since it was last in line for removal. */
  isUsed: boolean;
}

/**
 * Keeps values within a number of bytes, and loads each missing one once however many ask for it. Room is made by second
 * chance (the clock algorithm): the oldest value goes unless it was used meanwhile, then it counts as new. So a hit only
 * sets a mark; to move an entry to the end of the map at each hit costs more the hotter it is.
 * The newest value stays even when it alone is over the limit: to load it for every request would cost more.
 */
export class ByteCache<Key, Value> {
  private readonly entries = new Map<Key, Entry<Value>>();
  private readonly loading = new Map<Key, Promise<Value | undefined>>();
  private readonly limitBytes: number;
  bytes = 0;
  hits = 0;
  misses = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  peek(key: Key): Value | undefined {
    const entry = this.entries.get(key);
    return entry && this.take(entry);
  }

  /** For those who ask again and again: `take` finds what is there without a look-up. */
  hold(key: Key): Held<Value> | undefined {
    return this.entries.get(key);
  }

  /** As `peek`. @param held what `hold` of this cache gave */
  take(held: Held<Value>): Value | undefined {
    if (held.value === undefined) return undefined;
    (held as Entry<Value>).isUsed = true;
    this.hits += 1;
    return held.value;
  }

  /** What `load` finds to be absent, or fails at, is not kept. */
  load(key: Key, load: () => Promise<{ value: Value; sizeBytes: number } | undefined>): Promise<Value | undefined> {
    const running = this.loading.get(key);
    if (running !== undefined) return running;
    this.misses += 1;
    const started = load()
      .then((loaded) => {
        if (loaded !== undefined) this.keep(key, loaded);
        return loaded?.value;
      })
      .finally(() => this.loading.delete(key));
    this.loading.set(key, started);
    return started;
  }

  private keep(key: Key, { value, sizeBytes }: { value: Value; sizeBytes: number }): void {
    this.drop(key);
    this.bytes += sizeBytes;
    this.entries.set(key, { value, sizeBytes, isUsed: false });
    this.makeRoom(key);
  }

  /** What is kept there has become larger. */
  grow(key: Key, bytes: number): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    entry.sizeBytes += bytes;
    this.bytes += bytes;
    this.makeRoom(key);
  }

  private makeRoom(newest: Key): void {
    while (this.bytes > this.limitBytes && this.entries.size > 1) {
      const [oldest, entry] = this.entries.entries().next().value!;
      if (entry.isUsed || oldest === newest) {
        entry.isUsed = false;
        this.entries.delete(oldest);
        this.entries.set(oldest, entry);
      } else {
        this.drop(oldest);
      }
    }
  }

  private drop(key: Key): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.bytes -= entry.sizeBytes;
    entry.value = undefined;
  }

  clear(): void {
    for (const key of [...this.entries.keys()]) this.drop(key);
  }
}
