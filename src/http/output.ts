import { type Body, putHead, ROOM_BYTES } from "./body.ts";
import { dateLines } from "./http1/response-head.ts";
import { type MemoryFile, sendBefore } from "./memory-file.ts";
import { SHARE, type Sharing } from "./sharing.ts";

/** What is no longer than this is copied behind its head, to be sent in one piece. */
const JOINED_MAX_BYTES = 16 * 1024;
/** For a head and a body that are sent together, by all connections in turn. */
const joint = Buffer.allocUnsafeSlow(JOINED_MAX_BYTES);
/** Of less that the kernel took, the time says nothing of the way. */
const TIMED_MIN_BYTES = 32 * 1024;

/** All that comes before a body; see `Output.send`. */
interface WholeHead {
  head: Uint8Array;
  more: Uint8Array;
  date: Uint8Array;
  isReady: boolean;
}

/** What goes out on a connection: at once as far as the kernel takes it, the rest when it takes more. */
export class Output {
  private waiting: Uint8Array[] = [];
  private drained: PromiseWithResolvers<void> | undefined;
  private isClosed = false;

  /** @param sharing undefined where bytes do not go out as they are */
  constructor(
    private readonly socket: Pick<Bun.Socket, "write"> & { readonly fd?: number },
    private readonly sharing?: Sharing,
  ) {}

  /** What waits for the kernel to take it. */
  private get owedBytes(): number {
    return this.waiting.reduce((sum, { length }) => sum + length, 0);
  }

  get isBlocked(): boolean {
    return this.waiting.length > 0;
  }

  /**
   * One response of HTTP/1.1.
   * @param head fields that end with CR LF each, without Date and the empty line
   * @param more fields behind those
   * @param isReady whether this very head will come again, for the same body as a rule
   */
  send(
    { head, more, isReady = false }: { head: Uint8Array; more: Uint8Array; isReady?: boolean },
    body: Body | undefined,
    nowMs: number,
  ): void {
    const all = { head, more, date: dateLines(nowMs), isReady };
    const file = body && this.fileOf(body);
    if (file === undefined) {
      this.copy(all, body);
      return;
    }
    const { way } = this.sharing!;
    const next = way.next();
    const startMs = performance.now();
    if (next === SHARE) this.share(all, body!, file);
    else this.copy(all, body);
    const sent = body!.length - this.owedBytes;
    if (sent >= TIMED_MIN_BYTES) way.took((performance.now() - startMs) / sent);
  }

  private copy({ head, more, date, isReady }: WholeHead, body: Body | undefined): void {
    const start = body?.put(head, more, date, isReady);
    if (start !== undefined) {
      this.writeWhole(body!.whole!, start);
      return;
    }
    const headBytes = head.length + more.length + date.length;
    const total = headBytes + (body?.length ?? 0);
    if (total <= joint.length) {
      putHead(joint, 0, head, more, date);
      if (body !== undefined) joint.set(body.bytes, headBytes);
      this.writeJoint(joint, total);
    } else {
      this.write(Buffer.concat([head, more, date]));
      if (body !== undefined) this.write(body.bytes);
    }
  }

  /** @returns undefined where a file can't go out, or what there is would be out of its turn */
  private fileOf(body: Body): MemoryFile | undefined {
    const canShare = !this.isClosed && this.waiting.length === 0 && (this.socket.fd ?? -1) >= 0;
    return canShare ? this.sharing?.files.fileOf(body) : undefined;
  }

  /** As the kernel takes less than all of it, the rest is written. */
  private share({ head, more, date }: WholeHead, body: Body, file: MemoryFile): void {
    const length = head.length + more.length + date.length;
    const lines = length <= joint.length ? joint : Buffer.allocUnsafeSlow(length);
    putHead(lines, 0, head, more, date);
    const fd = this.socket.fd!;
    const headSent = sendBefore(fd, lines, length);
    const sent = headSent === length ? file.sendTo(fd) : 0;
    if (headSent < length) this.write(new Uint8Array(lines.subarray(headSent, length)));
    if (sent < body.length) this.write(body.bytes.subarray(sent));
  }

  /** A head from `start` on in the room of a body, and the body. */
  private writeWhole(whole: Uint8Array, start: number): void {
    const total = whole.length - start;
    const sent = this.writeNow(whole, start, total);
    if (sent === total) return;
    const at = start + sent;
    // The next head is put in the same place.
    if (at < ROOM_BYTES) this.waiting.push(whole.slice(at, ROOM_BYTES));
    this.waiting.push(whole.subarray(Math.max(at, ROOM_BYTES)));
  }

  /** The bytes are not to be changed afterwards. */
  write(bytes: Uint8Array): void {
    const from = this.writeNow(bytes, 0, bytes.length);
    if (from < bytes.length) this.waiting.push(bytes.subarray(from));
  }

  /** Of bytes that are overwritten afterwards. */
  writeJoint(bytes: Uint8Array, length: number): void {
    const from = this.writeNow(bytes, 0, length);
    if (from < length) this.waiting.push(new Uint8Array(bytes.subarray(from, length)));
  }

  /** @returns how many of them are done with */
  private writeNow(bytes: Uint8Array, start: number, length: number): number {
    if (this.isClosed) return length;
    return this.waiting.length === 0 ? Math.max(0, this.socket.write(bytes, start, length)) : 0;
  }

  /** Resolves when nothing waits any more: at once as a rule, and when the connection is closed too. */
  whenDrained(): Promise<void> | undefined {
    if (this.waiting.length === 0) return undefined;
    this.drained ??= Promise.withResolvers();
    return this.drained.promise;
  }

  /** The kernel takes more. @returns whether it took something */
  drain(): boolean {
    let hasMoved = false;
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      const count = Math.max(0, this.socket.write(next));
      hasMoved ||= count > 0;
      if (count < next.length) {
        this.waiting[0] = next.subarray(count);
        return hasMoved;
      }
      this.waiting.shift();
    }
    this.settle();
    return hasMoved;
  }

  close(): void {
    this.isClosed = true;
    this.waiting = [];
    this.settle();
  }

  private settle(): void {
    this.drained?.resolve();
    this.drained = undefined;
  }
}
