/** Far more than can be under way at once. */
const KEPT = 1_000;

/**
 * The streams that this end gave up while the other end was still sending: it could not know, so what comes of them is
 * not its fault (RFC 9113 section 5.1).
 */
export class IgnoredStreams {
  private readonly ids = new Set<number>();

  add(id: number): void {
    this.ids.add(id);
    for (const oldest of this.ids) {
      if (this.ids.size <= KEPT) break;
      this.ids.delete(oldest);
    }
  }

  has(id: number): boolean {
    return this.ids.has(id);
  }

  /** The other end is done with it. */
  delete(id: number): void {
    this.ids.delete(id);
  }
}

/** The numbers that the other end passed over: no stream can begin there any more (RFC 9113 section 5.1.1). */
export class SkippedStreams {
  private readonly gaps: { after: number; before: number }[] = [];

  /** @param last that was begun before `next` */
  add(last: number, next: number): void {
    // A client's streams have odd numbers, so the next one is two further on, or the first.
    if (next - last <= 2) return;
    this.gaps.push({ after: last, before: next });
    if (this.gaps.length > KEPT) this.gaps.shift();
  }

  has(id: number): boolean {
    return this.gaps.some(({ after, before }) => after < id && id < before);
  }
}
