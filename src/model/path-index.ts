/**
 * Paths in ascending order, each one once, numbered from 0. Made for many: they are one string, and a path is found by
 * hash, so that 100,000 are looked up like ten.
 */
export class PathIndex {
  /** Where each path's own slash is in `text`; one more for the end. */
  private readonly starts: Uint32Array;
  /** An open-addressed table of path numbers, each one more than it is; 0 is free. At least half of it is free. */
  private readonly slots: Uint16Array | Uint32Array;

  /**
   * @param text all paths, each between slashes, one after the other: `/a//b/c.html/`
   * @param starts of each one's first slash in it, and its length
   */
  private constructor(
    readonly text: string,
    starts: Uint32Array,
  ) {
    this.starts = starts;
    const slotCount = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * this.count)));
    this.slots = this.count < 65_535 ? new Uint16Array(slotCount) : new Uint32Array(slotCount);
    for (let number = 0; number < this.count; number += 1) {
      let slot = hashOf(text, starts[number]!, starts[number + 1]! - 1) & (slotCount - 1);
      while (this.slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
      this.slots[slot] = number + 1;
    }
  }

  /** @returns undefined unless these are `count` paths without a leading slash that a deployment may have, in order */
  static of(paths: readonly string[]): PathIndex | undefined {
    return PathIndex.read(paths.length === 0 ? "" : `/${paths.join("//")}/`, paths.length);
  }

  /** @param text as it is kept in one of these @returns as `of` */
  static read(text: string, count: number): PathIndex | undefined {
    const starts = startsIn(text, count);
    return starts && isInOrder(text, starts) && !hasOddPart(text) ? new PathIndex(text, starts) : undefined;
  }

  get count(): number {
    return this.starts.length - 1;
  }

  /** The number of `path`, which begins with a slash; -1 when it is not among them. */
  find(path: string): number {
    const mask = this.slots.length - 1;
    for (let slot = hashOf(path, 0, path.length) & mask; ; slot = (slot + 1) & mask) {
      const number = this.slots[slot]! - 1;
      if (number === -1) return -1;
      const start = this.starts[number]!;
      if (this.starts[number + 1]! - 1 - start === path.length && this.text.startsWith(path, start)) return number;
    }
  }

  /** Without a leading slash. */
  at(number: number): string {
    return this.text.slice(this.starts[number]! + 1, this.starts[number + 1]! - 1);
  }

  *paths(): Generator<string, void> {
    for (let number = 0; number < this.count; number += 1) yield this.at(number);
  }

  /** About what it takes. */
  get memoryBytes(): number {
    return this.text.length * (isLatin1(this.text) ? 1 : 2) + this.starts.byteLength + this.slots.byteLength;
  }
}

/** Two slashes are the end of a path and the beginning of the next. */
function startsIn(text: string, count: number): Uint32Array | undefined {
  if (count === 0) return text === "" ? new Uint32Array(1) : undefined;
  // The shortest path takes three characters.
  if (3 * count > text.length || !text.startsWith("/") || !text.endsWith("/")) return undefined;
  const starts = new Uint32Array(count + 1);
  let number = 0;
  for (let at = text.indexOf("//"); at !== -1; at = text.indexOf("//", at + 2)) {
    number += 1;
    if (number === count) return undefined;
    starts[number] = at + 1;
  }
  starts[count] = text.length;
  return number === count - 1 ? starts : undefined;
}

/** By their UTF-16 code units, as `<` compares them. */
function isInOrder(text: string, starts: Uint32Array): boolean {
  for (let number = 1; number < starts.length - 1; number += 1) {
    let [before, here] = [starts[number - 1]! + 1, starts[number]! + 1];
    const [end, hereEnd] = [starts[number]! - 1, starts[number + 1]! - 1];
    while (before < end && here < hereEnd && text.charCodeAt(before) === text.charCodeAt(here)) {
      before += 1;
      here += 1;
    }
    if (here >= hereEnd) return false;
    if (before < end && text.charCodeAt(before) > text.charCodeAt(here)) return false;
  }
  return true;
}

/** An empty part, `.` or `..` names no file of a deployment. */
function hasOddPart(text: string): boolean {
  return text.includes("///") || text.includes("/./") || text.includes("/../") || text.startsWith("//");
}

/** Nobody can choose paths that fall on one another without knowing it. */
const SEED = crypto.getRandomValues(new Uint32Array(1))[0]!;

function hashOf(text: string, start: number, end: number): number {
  let hash = SEED;
  for (let index = start; index < end; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  return Math.imul(hash, 0x85ebca6b) >>> 7;
}

function isLatin1(text: string): boolean {
  return !/[^\0-\xff]/.test(text);
}
