import type { Output } from "../output.ts";
import { type Code, FLAG, FRAME, FRAME_HEAD_BYTES, FRAME_MAX_BYTES } from "./protocol.ts";

/** What is gathered is sent by the end of the turn in which it was written; by all connections one after the other. */
const GATHERED_BYTES = 64 * 1024;
const gathered = Buffer.allocUnsafeSlow(GATHERED_BYTES);
/** Whose frames those are. */
let owner: FrameWriter | undefined;
/** The size update to a table of none (RFC 7541 section 6.3). */
const NO_TABLE = Uint8Array.of(0x20);

/** Writes frames (RFC 9113 section 6) side by side into one piece, which `flush` sends. */
export class FrameWriter {
  private used = 0;
  /** Goes before the next head. */
  private sizeUpdate: Uint8Array | undefined;
  private isTableLeft = false;

  constructor(private readonly output: Output) {}

  /** @returns whether there was something */
  flush(): boolean {
    const { used } = this;
    if (used === 0) return false;
    this.used = 0;
    this.output.writeJoint(gathered, used);
    return true;
  }

  settings(values: readonly (readonly [id: number, value: number])[]): void {
    this.begin(FRAME.settings, 0, 0, values.length * 6);
    for (const [id, value] of values) {
      this.used = gathered.writeUInt16BE(id, this.used);
      this.used = gathered.writeUInt32BE(value, this.used);
    }
  }

  /** The other end has less room for a table than there was, and waits to be told that no more is used than that. */
  leaveTable(): void {
    if (this.isTableLeft) return;
    this.isTableLeft = true;
    this.sizeUpdate = NO_TABLE;
  }

  settingsAck(): void {
    this.begin(FRAME.settings, FLAG.ack, 0, 0);
  }

  ping(payload: Uint8Array): void {
    this.begin(FRAME.ping, FLAG.ack, 0, payload.length);
    this.add(payload);
  }

  windowUpdate(stream: number, bytes: number): void {
    this.number(FRAME.windowUpdate, stream, bytes);
  }

  reset(stream: number, code: Code): void {
    this.number(FRAME.reset, stream, code);
  }

  goAway(lastStream: number, code: Code): void {
    this.begin(FRAME.goAway, 0, 0, 8);
    this.used = gathered.writeUInt32BE(lastStream, this.used);
    this.used = gathered.writeUInt32BE(code, this.used);
  }

  /** @param date a block of its own, as it is another one each second */
  headers(stream: number, block: Uint8Array, date: Uint8Array, endsStream: boolean): void {
    if (this.sizeUpdate !== undefined) {
      const first = Buffer.concat([this.sizeUpdate, block]);
      this.sizeUpdate = undefined;
      this.headers(stream, first, date, endsStream);
      return;
    }
    const length = block.length + date.length;
    const flags = endsStream ? FLAG.endStream : 0;
    if (length <= FRAME_MAX_BYTES) {
      this.begin(FRAME.headers, flags | FLAG.endHeaders, stream, length);
      this.add(block);
      this.add(date);
      return;
    }
    const whole = Buffer.concat([block, date]);
    for (let from = 0; from < length; from += FRAME_MAX_BYTES) {
      const part = whole.subarray(from, from + FRAME_MAX_BYTES);
      const end = from + part.length === length ? FLAG.endHeaders : 0;
      this.begin(from === 0 ? FRAME.headers : FRAME.continuation, end | (from === 0 ? flags : 0), stream, part.length);
      this.add(part);
    }
  }

  /** @param bytes at most `FRAME_MAX_BYTES` of them from `from` to `to` */
  data(stream: number, bytes: Uint8Array, { from, to, endsStream }: { from: number; to: number; endsStream: boolean }) {
    this.begin(FRAME.data, endsStream ? FLAG.endStream : 0, stream, to - from);
    this.add(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
  }

  private number(type: number, stream: number, value: number): void {
    this.begin(type, 0, stream, 4);
    this.used = gathered.writeUInt32BE(value, this.used);
  }

  private begin(type: number, flags: number, stream: number, length: number): void {
    if (owner !== this) owner?.flush();
    owner = this;
    if (this.used + FRAME_HEAD_BYTES + length > GATHERED_BYTES) this.flush();
    const at = this.used;
    gathered[at] = length >>> 16;
    gathered[at + 1] = length >>> 8;
    gathered[at + 2] = length;
    gathered[at + 3] = type;
    gathered[at + 4] = flags;
    gathered.writeUInt32BE(stream, at + 5);
    this.used = at + FRAME_HEAD_BYTES;
  }

  private add(bytes: Uint8Array): void {
    gathered.set(bytes, this.used);
    this.used += bytes.length;
  }
}
