import type { Access } from "../model/access.ts";
import { BerthError } from "../model/errors.ts";
import { freshMs, STALE_MS } from "./host-cache.ts";

const PATIENCE_MS = 2_000;
const PROJECTS_MAX = 20_000;

export const VERSION_AGE_MS = 100;

/** A project without keys. */
export const OPEN = "open";
export type Known = Access | typeof OPEN;

export interface AccessSource {
  load(project: string, signal: AbortSignal): Promise<Access | undefined>;
  /**
   * As `ObjectStore.version`, of a project's keys or of there being none, as it was at most `VERSION_AGE_MS` ago: while it
   * is the same, what is known holds.
   * @throws what the store throws
   */
  version?(project: string, known: Known): Promise<string | undefined>;
  /** Of a process before this one, where there is a disk; undefined: nothing. */
  remembered?(project: string): Promise<Known | undefined>;
  learned?(project: string, known: Known): void;
}

interface Entry {
  known: Known;
  /** Of what it was read from. */
  version: string | undefined;
  checkedAt: number;
  /** From `checkedAt` on. */
  freshMs: number;
}

/**
 * The keys of projects in memory. What is known is used while the store is down; where nothing is known the fault of
 * the store is thrown, so that nothing is shown by mistake.
 */
export class AccessCache {
  private readonly entries = new Map<string, Entry>();
  private readonly loading = new Map<string, Promise<Known>>();
  /** Grows with everything that may change what is known, but for time. */
  news = 0;

  constructor(
    private readonly source: AccessSource,
    private readonly now: () => number,
    private readonly random: () => number = Math.random,
  ) {}

  /** What may be used without waiting, asked for again in the background when it is no longer fresh. */
  peek(project: string): Known | undefined {
    const entry = this.entries.get(project);
    if (entry === undefined) return undefined;
    const ageMs = this.now() - entry.checkedAt;
    if (ageMs <= entry.freshMs) return entry.known;
    if (ageMs > STALE_MS) return undefined;
    this.refresh(project).catch(() => {});
    return entry.known;
  }

  /** Until when `peek` would give `known` without asking for it again, as long as there is no `news`. */
  freshUntil(project: string, known: Known): number {
    const entry = this.entries.get(project);
    return entry?.known === known ? entry.checkedAt + entry.freshMs : 0;
  }

  /** @throws what the store throws when nothing is known */
  async read(project: string): Promise<Known> {
    const refreshed = this.refresh(project);
    const entry = this.entries.get(project);
    if (entry === undefined) return refreshed;
    return Promise.race([refreshed, Bun.sleep(PATIENCE_MS).then(() => entry.known)]).catch(() => entry.known);
  }

  private refresh(project: string): Promise<Known> {
    const running = this.loading.get(project);
    if (running !== undefined) return running;
    const isCurrent = () => this.loading.get(project) === started;
    const started: Promise<Known> = this.load(project).then(
      ({ known, version, checkedAt }) => {
        // A read that began before an invalidation may have seen the old keys.
        if (!isCurrent()) return known;
        const before = this.entries.get(project)?.known;
        if (JSON.stringify(before) !== JSON.stringify(known)) {
          this.news += 1;
          this.source.learned?.(project, known);
        }
        this.keep(project, { known, version, checkedAt });
        return known;
      },
      async (error) => {
        const entry = this.entries.get(project);
        const isDamaged = error instanceof BerthError && error.code === "corrupt_object";
        const remembered = entry || isDamaged ? undefined : await this.source.remembered?.(project);
        if (isCurrent()) {
          this.loading.delete(project);
          if (entry) entry.checkedAt = this.now();
          if (remembered !== undefined) {
            this.keep(project, { known: remembered, version: undefined, checkedAt: this.now() });
          }
        }
        if (remembered !== undefined) return remembered;
        throw error;
      },
    );
    this.loading.set(project, started);
    return started;
  }

  private async load(project: string): Promise<Omit<Entry, "freshMs">> {
    const entry = this.entries.get(project);
    const checkedAt = this.now() - VERSION_AGE_MS;
    // Before the keys themselves are read: a change between the two shows the next time.
    const version = entry && (await this.source.version?.(project, entry.known));
    if (version !== undefined && version === entry!.version) return { known: entry!.known, version, checkedAt };
    const access = await this.source.load(project, AbortSignal.timeout(5 * PATIENCE_MS));
    const known = access === undefined || access.protections.length === 0 ? OPEN : access;
    // It was asked for what was known until now: that there are no keys, or these ones.
    const isOfThis = (access === undefined) === (entry?.known === OPEN);
    return { known, version: isOfThis ? version : undefined, checkedAt: this.now() };
  }

  private keep(project: string, checked: Omit<Entry, "freshMs">): void {
    this.loading.delete(project);
    this.entries.delete(project);
    this.entries.set(project, { ...checked, freshMs: freshMs(this.random()) });
    if (this.entries.size > PROJECTS_MAX) this.entries.delete(this.entries.keys().next().value!);
  }

  invalidate(project: string): void {
    this.news += 1;
    this.loading.delete(project);
    const entry = this.entries.get(project);
    if (entry) entry.checkedAt = Number.NEGATIVE_INFINITY;
  }

  /** The next request reads anew; what is known stays for a store that is down. */
  invalidateAll(): void {
    this.news += 1;
    this.loading.clear();
    for (const entry of this.entries.values()) entry.checkedAt = Number.NEGATIVE_INFINITY;
  }
}
