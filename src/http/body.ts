/** A shorter body is copied behind its head each time, which costs no more than this would. */
const LONG_BYTES = 4 * 1024;
/** As much as heads take, but for those with long fields. */
export const ROOM_BYTES = 1024;

/** The bytes of a response's content, which nobody changes any more. */
export class Body {
  readonly length: number;
  /** What stands in the room, and where it begins; only what is likely to come again is remembered. */
  private head: Uint8Array | undefined;
  private more: Uint8Array | undefined;
  private date: Uint8Array | undefined;
  private start = 0;

  /** @param whole the memory in which the bytes begin at `ROOM_BYTES`, where there is room before them */
  constructor(
    readonly bytes: Uint8Array,
    readonly whole?: Uint8Array,
  ) {
    this.length = bytes.length;
  }

  /**
   * Long bytes are copied to where there is room before them in the same memory: a head that is put there goes out with
   * them in one piece, without another copy.
   */
  static withRoom(bytes: Uint8Array): Body {
    if (bytes.length < LONG_BYTES) return new Body(bytes);
    const whole = new Uint8Array(ROOM_BYTES + bytes.length);
    whole.set(bytes, ROOM_BYTES);
    return new Body(whole.subarray(ROOM_BYTES), whole);
  }

  /** In bytes, with the room. */
  get memoryBytes(): number {
    return this.whole?.length ?? this.length;
  }

  /**
   * Puts all that comes before the bytes into the room; next to nothing is done when it is there already.
   * @param isReady whether `head` will come again
   * @returns where in `whole` it begins; undefined when it finds no room
   */
  put(head: Uint8Array, more: Uint8Array, date: Uint8Array, isReady: boolean): number | undefined {
    const { whole } = this;
    if (whole === undefined) return undefined;
    if (head === this.head && more === this.more && date === this.date) return this.start;
    const start = ROOM_BYTES - head.length - more.length - date.length;
    if (start < 0) return undefined;
    putHead(whole, start, head, more, date);
    this.head = isReady ? head : undefined;
    this.more = more;
    this.date = date;
    this.start = start;
    return start;
  }
}

/** All that comes before a body. */
export function putHead(place: Uint8Array, at: number, head: Uint8Array, more: Uint8Array, date: Uint8Array): void {
  place.set(head, at);
  if (more.length > 0) place.set(more, at + head.length);
  place.set(date, at + head.length + more.length);
}
