import { dateLines } from "./http1/response-head.ts";
import { ROOM_BYTES, wholeOf } from "./room.ts";

/** What is no longer than this is copied behind its head, to be sent in one piece. */
const JOINED_MAX_BYTES = 16 * 1024;
/** For a head and a body that are sent together, by all connections in turn. */
const joint = Buffer.allocUnsafeSlow(JOINED_MAX_BYTES);

/** What goes out on a connection: at once as far as the kernel takes it, the rest when it takes more. */
export class Output {
  private waiting: Uint8Array[] = [];
  private drained: PromiseWithResolvers<void> | undefined;
  private isClosed = false;

  constructor(private readonly socket: Pick<Bun.Socket, "write">) {}

  get isBlocked(): boolean {
    return this.waiting.length > 0;
  }

  /**
   * One response of HTTP/1.1.
   * @param head fields that end with CR LF each, without Date and the empty line
   * @param more fields behind those
   */
  send(head: Uint8Array, more: Uint8Array, body: Uint8Array | undefined, nowMs: number): void {
    const date = dateLines(nowMs);
    const headBytes = head.length + more.length + date.length;
    const total = headBytes + (body?.length ?? 0);
    const whole = body && headBytes <= ROOM_BYTES ? wholeOf(body) : undefined;
    if (whole !== undefined) {
      const start = ROOM_BYTES - headBytes;
      putHead(whole, start, head, more, date);
      const sent = this.writeNow(whole, start, total);
      // The next head is put in the same place.
      if (sent < headBytes) this.waiting.push(whole.slice(start + sent, ROOM_BYTES));
      if (sent < total) this.waiting.push(whole.subarray(Math.max(start + sent, ROOM_BYTES)));
    } else if (total <= joint.length) {
      putHead(joint, 0, head, more, date);
      if (body !== undefined) joint.set(body, headBytes);
      this.writeJoint(joint, total);
    } else {
      this.write(Buffer.concat([head, more, date]));
      if (body !== undefined) this.write(body);
    }
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

/** All that comes before a body; next to nothing is allocated for it, as this is done for every answer. */
function putHead(place: Uint8Array, at: number, head: Uint8Array, more: Uint8Array, date: Uint8Array): void {
  place.set(head, at);
  if (more.length > 0) place.set(more, at + head.length);
  place.set(date, at + head.length + more.length);
}
