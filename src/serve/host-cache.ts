import { BerthError } from "../model/errors.ts";
import { type HostPointer, isOlder } from "../model/host-pointer.ts";
import { withDeadline } from "./deadline.ts";
import type { HostState } from "./sources.ts";

/** From this age on a pointer is read again beside the requests that it still answers, */
export const FRESH_MS = 7_000;
/** or up to so much earlier: else hosts that were first asked together would be read again together for ever. */
const SPREAD_MS = 3_000;
/** From this age on it is read before it answers: no answer shows what a host stopped showing longer ago. */
export const STALE_MS = 10_000;
/** Between the two there is time for one read; a store that takes longer counts as down. */
const REFRESH_MS = 2_500;
/** The same where there is no pointer to fall back on. */
const FIRST_READ_MS = 5_000;
/** While the store is down: how soon it is tried again, for each host that is asked for. */
const RETRY_MS = 1_000;
const UNKNOWN_MS = 5_000;
const HOSTS_MAX = 20_000;
const UNKNOWN_MAX = 10_000;
/** Reads of hosts that are not known, at the same time. */
const FIRST_READS_MAX = 1_000;

/** How long what is read now is fresh. @param random from 0 to 1 */
export const freshMs = (random: number): number => FRESH_MS - random * SPREAD_MS;

interface Entry {
  state: HostState;
  /** Of the object that the state was read from, as `HostSource.version` told it before. */
  version: string | undefined;
  /** Points in time, in the unit of `now`. */
  freshUntil: number;
  usableUntil: number;
  /** The last read failed: what is served may be out of date. */
  isStale: boolean;
}

interface Read {
  state: HostState | undefined;
  version: string | undefined;
}

export interface HostSource {
  /** @throws what the store throws */
  load(host: string, signal: AbortSignal): Promise<HostState | undefined>;
  /** As `ObjectStore.version`: while it is the same, nothing is read again. @throws what the store throws */
  version?(host: string): Promise<string | undefined>;
  /** What was known of a host before this process began; asked when the store is down. */
  remembered?(host: string): Promise<HostState | undefined>;
  /** Called with every state that is news. */
  learned?(host: string, state: HostState): void;
}

/**
 * Host pointers in memory. `peek` answers at once when it may; otherwise `read` waits. Hosts that exist and hosts that
 * don't are kept apart, so that asking for many of the latter drives out none of the former.
 */
export class HostCache {
  private readonly entries = new Map<string, Entry>();
  /** Hosts that the store does not know, with the time until which that is believed. */
  private readonly unknown = new Map<string, number>();
  private readonly loading = new Map<string, Promise<HostPointer | undefined>>();
  private firstReads = 0;
  /** Grows with everything that may change what a host shows, but for time. */
  news = 0;
  /** Answers that were given by a pointer that could not be read again. */
  stale = 0;

  constructor(
    private readonly source: HostSource,
    private readonly now: () => number,
    private readonly random: () => number = Math.random,
  ) {}

  /** A pointer that may be served without waiting, refreshed in the background when it is no longer fresh. */
  peek(host: string): HostPointer | undefined {
    const entry = this.entries.get(host);
    if (entry === undefined || "removed" in entry.state) return undefined;
    const now = this.now();
    if (now >= entry.freshUntil) {
      if (now >= entry.usableUntil) return undefined;
      this.refresh(host, entry).catch(() => {});
    }
    if (entry.isStale) this.stale += 1;
    return entry.state;
  }

  /** Until when `peek` would give the same without asking for it again, as long as there is no `news`. */
  freshUntil(host: string): number {
    const entry = this.entries.get(host);
    return entry === undefined || entry.isStale ? 0 : entry.freshUntil;
  }

  /** The pointer, or undefined when there is no such host. @throws what the store throws when nothing is known */
  async read(host: string): Promise<HostPointer | undefined> {
    const entry = this.entries.get(host);
    if (entry === undefined) {
      if (this.now() < (this.unknown.get(host) ?? 0)) return undefined;
      return await this.refresh(host, undefined);
    }
    if ("removed" in entry.state && this.now() < entry.freshUntil) return undefined;
    return await this.refresh(host, entry).catch(() => {
      const known = this.entries.get(host) ?? entry;
      this.stale += 1;
      return shown(known.state);
    });
  }

  private refresh(host: string, known: Entry | undefined): Promise<HostPointer | undefined> {
    const running = this.loading.get(host);
    if (running !== undefined) return running;
    const started: Promise<HostPointer | undefined> = this.load(
      host,
      known,
      () => this.loading.get(host) === started,
    ).finally(() => {
      if (this.loading.get(host) === started) this.loading.delete(host);
    });
    this.loading.set(host, started);
    return started;
  }

  /** `isCurrent`: a read that began before an invalidation may have seen the old pointer. */
  private async load(
    host: string,
    known: Entry | undefined,
    isCurrent: () => boolean,
  ): Promise<HostPointer | undefined> {
    const startedAt = this.now();
    try {
      const read = await this.loadState(host, known);
      return shown(this.keepNewer(host, read, isCurrent() ? startedAt : undefined));
    } catch (error) {
      const entry = this.entries.get(host) ?? (await this.remember(host));
      if (entry === undefined) throw error;
      if (isCurrent()) {
        const now = this.now();
        Object.assign(entry, { isStale: true, freshUntil: now + RETRY_MS, usableUntil: now + STALE_MS });
      }
      if (known !== undefined) throw error;
      this.stale += 1;
      return shown(entry.state);
    }
  }

  private async loadState(host: string, known: Entry | undefined): Promise<Read> {
    if (known !== undefined) return withDeadline(REFRESH_MS, (signal) => this.loadAgain(host, known, signal));
    if (this.firstReads >= FIRST_READS_MAX) throw tooMany();
    this.firstReads += 1;
    try {
      const state = await withDeadline(FIRST_READ_MS, (signal) => this.source.load(host, signal));
      return { state, version: undefined };
    } finally {
      this.firstReads -= 1;
    }
  }

  private async loadAgain(host: string, { state, version }: Entry, signal: AbortSignal): Promise<Read> {
    // Before the object itself is read: a change between the two shows the next time.
    const asked = this.source.version?.(host);
    const now = asked && (await asked);
    if (now !== undefined && now === version) return { state, version };
    return { state: await this.source.load(host, signal), version: now };
  }

  /** @returns what is known now: never what is older than what was known before. */
  private keepNewer(
    host: string,
    { state: read, version }: Read,
    startedAt: number | undefined,
  ): HostState | undefined {
    const known = this.entries.get(host);
    if (read === undefined && known === undefined) {
      if (startedAt !== undefined) this.keepUnknown(host, startedAt);
      return undefined;
    }
    // Nothing is ever removed without a trace, so to find nothing is to look into the past.
    const isNews = read !== undefined && (known === undefined || !isOlder(read, known.state));
    const state = isNews ? read : known!.state;
    if (isNews && (known === undefined || isOlder(known.state, read))) {
      this.news += 1;
      this.source.learned?.(host, read);
    }
    const freshUntil = startedAt === undefined ? (known?.freshUntil ?? 0) : startedAt + freshMs(this.random());
    const usableUntil = startedAt === undefined ? (known?.usableUntil ?? 0) : startedAt + STALE_MS;
    const isStale = startedAt === undefined && (known?.isStale ?? false);
    this.put(host, { state, version, freshUntil, usableUntil, isStale });
    return state;
  }

  private put(host: string, entry: Entry): void {
    this.unknown.delete(host);
    this.entries.delete(host);
    this.entries.set(host, entry);
    if (this.entries.size > HOSTS_MAX) this.entries.delete(this.entries.keys().next().value!);
  }

  private keepUnknown(host: string, startedAt: number): void {
    this.unknown.delete(host);
    this.unknown.set(host, startedAt + UNKNOWN_MS);
    if (this.unknown.size > UNKNOWN_MAX) this.unknown.delete(this.unknown.keys().next().value!);
  }

  private async remember(host: string): Promise<Entry | undefined> {
    const state = await this.source.remembered?.(host);
    if (state === undefined) return undefined;
    const entry = { state, version: undefined, freshUntil: 0, usableUntil: 0, isStale: true };
    this.put(host, entry);
    return entry;
  }

  /** The host has moved: the next request waits for the new pointer, which is read at once when the host is known. */
  invalidate(host: string): void {
    this.news += 1;
    this.loading.delete(host);
    this.unknown.delete(host);
    const entry = this.entries.get(host);
    if (entry === undefined) return;
    entry.freshUntil = 0;
    entry.usableUntil = 0;
    this.refresh(host, entry).catch(() => {});
  }

  /** Any host may have moved: every pointer is read again at its next request, which it still answers. */
  invalidateAll(): void {
    this.news += 1;
    this.loading.clear();
    this.unknown.clear();
    for (const entry of this.entries.values()) entry.freshUntil = 0;
  }

  get size(): number {
    return this.entries.size;
  }

  get unknownSize(): number {
    return this.unknown.size;
  }
}

function shown(state: HostState | undefined): HostPointer | undefined {
  return state === undefined || "removed" in state ? undefined : state;
}

function tooMany(): BerthError {
  return new BerthError("store_unavailable", "Too many hosts that are not known are asked for at the same time.", {
    hint: "Try again in a few seconds.",
  });
}
