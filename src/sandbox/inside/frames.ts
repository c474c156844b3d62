export interface RunOrder {
  run: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** In the place of a command: what to do is said on standard input. */
export const FOLLOW_ORDERS = "follow-orders";

/** What the platform asks of `commands.ts`: one JSON document a line. One command runs at a time. */
export type Order =
  | RunOrder
  /** For the standard input of the running command. */
  | { input: string }
  | { endInput: true };

/** `o`: standard output; `e`: standard error; `x`: the exit status as text, after the last byte of both. */
export type FrameKind = "o" | "e" | "x";

const HEADER_BYTES = 5;
/** No honest frame is larger: what is read from a pipe at once is far below. */
const PAYLOAD_MAX_BYTES = 16 * 1024 * 1024;

/** Kind, payload's length as four bytes (most significant first), payload. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame.write(kind, 0, "latin1");
  frame.writeUInt32BE(payload.length, 1);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Cuts a stream into frames, however its bytes arrive. */
export class FrameReader {
  private pending: Buffer = Buffer.alloc(0);

  /** The frames that are whole now. @throws Error when the stream holds no frames */
  *push(bytes: Uint8Array): Generator<{ kind: FrameKind; payload: Buffer }> {
    this.pending = this.pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.pending, bytes]);
    while (this.pending.length >= HEADER_BYTES) {
      const kind = this.pending.toString("latin1", 0, 1);
      const end = HEADER_BYTES + this.pending.readUInt32BE(1);
      if (!/^[oex]$/.test(kind) || end > PAYLOAD_MAX_BYTES) throw new Error("no frames");
      if (this.pending.length < end) return;
      const payload = this.pending.subarray(HEADER_BYTES, end);
      this.pending = this.pending.subarray(end);
      yield { kind: kind as FrameKind, payload };
    }
  }
}
