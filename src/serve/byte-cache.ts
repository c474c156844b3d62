/**
 * Keeps the values used last, within a number of bytes, and loads each missing one once however many ask for it.
 * The newest value stays even when it alone is over the limit: to load it for every request would cost more.
 */
export class ByteCache<Key, Value> {
  private readonly entries = new Map<Key, { value: Value; sizeBytes: number }>();
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
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    this.hits += 1;
    return entry.value;
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

  private keep(key: Key, entry: { value: Value; sizeBytes: number }): void {
    this.bytes += entry.sizeBytes - (this.entries.get(key)?.sizeBytes ?? 0);
    this.entries.delete(key);
    this.entries.set(key, entry);
    for (const [oldest, { sizeBytes }] of this.entries) {
      if (this.bytes <= this.limitBytes || oldest === key) break;
      this.entries.delete(oldest);
      this.bytes -= sizeBytes;
    }
  }

  clear(): void {
    this.entries.clear();
    this.bytes = 0;
  }
}
