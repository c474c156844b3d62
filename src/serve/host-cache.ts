import type { HostPointer } from "../model/host-pointer.ts";

const FRESH_MS = 1_000;
/** Beyond this age a pointer is read again before it is used, so a change is seen although nobody asked meanwhile. */
const STALE_MS = 5_000;
/** A store that hangs is like one that fails when there is a pointer to fall back on. */
const PATIENCE_MS = 2_000;
const HOSTS_MAX = 10_000;

interface Entry {
  pointer: HostPointer | undefined;
  /** When it was read last, or when that was last tried in vain. */
  checkedAt: number;
}

type Load = (host: string, signal: AbortSignal) => Promise<HostPointer | undefined>;

/** Host pointers in memory. `peek` answers at once when it may; otherwise `read` waits. */
export class HostCache {
  private readonly entries = new Map<string, Entry>();
  private readonly loading = new Map<string, Promise<HostPointer | undefined>>();
  private readonly load: Load;
  private readonly now: () => number;
  stale = 0;

  constructor(load: Load, now: () => number) {
    this.load = load;
    this.now = now;
  }

  /** A pointer that may be served without waiting, refreshed in the background when it is no longer fresh. */
  peek(host: string): HostPointer | undefined {
    const entry = this.entries.get(host);
    if (entry?.pointer === undefined) return undefined;
    const ageMs = this.now() - entry.checkedAt;
    if (ageMs <= FRESH_MS) return entry.pointer;
    if (ageMs > STALE_MS) return undefined;
    this.refresh(host).catch(() => {});
    this.stale += 1;
    return entry.pointer;
  }

  /** The pointer, or undefined when there is no such host. @throws what the store throws when nothing is known */
  async read(host: string): Promise<HostPointer | undefined> {
    const entry = this.entries.get(host);
    if (entry !== undefined && entry.pointer === undefined && this.now() - entry.checkedAt <= FRESH_MS)
      return undefined;
    const refreshed = this.refresh(host);
    if (entry?.pointer === undefined) return refreshed;
    return Promise.race([refreshed, Bun.sleep(PATIENCE_MS).then(() => Promise.reject(new Error("slow")))]).catch(() => {
      entry.checkedAt = this.now();
      this.stale += 1;
      return entry.pointer;
    });
  }

  private refresh(host: string): Promise<HostPointer | undefined> {
    const running = this.loading.get(host);
    if (running !== undefined) return running;
    const isCurrent = () => this.loading.get(host) === started;
    const started: Promise<HostPointer | undefined> = this.load(host, AbortSignal.timeout(5 * PATIENCE_MS)).then(
      (pointer) => {
        // A read that began before an invalidation may have seen the old pointer.
        if (isCurrent()) this.keep(host, { pointer, checkedAt: this.now() });
        return pointer;
      },
      (error) => {
        const entry = this.entries.get(host);
        if (isCurrent()) {
          this.loading.delete(host);
          if (entry) entry.checkedAt = this.now();
        }
        throw error;
      },
    );
    this.loading.set(host, started);
    return started;
  }

  private keep(host: string, entry: Entry): void {
    this.loading.delete(host);
    this.entries.delete(host);
    this.entries.set(host, entry);
    if (this.entries.size > HOSTS_MAX) this.entries.delete(this.entries.keys().next().value!);
  }

  /** The next request reads the pointer anew; the known one stays for a store that is down. */
  invalidate(host: string): void {
    this.loading.delete(host);
    const entry = this.entries.get(host);
    if (entry) entry.checkedAt = Number.NEGATIVE_INFINITY;
  }

  invalidateAll(): void {
    for (const host of this.entries.keys()) this.invalidate(host);
    this.loading.clear();
  }

  get size(): number {
    return this.entries.size;
  }
}
