import { FRAME_HEAD_BYTES } from "../http2/protocol.ts";
import type { Connection } from "../listen-http.ts";
import type { Frame } from "./frame-client.ts";

/** A socket that leads nowhere: it keeps what is written, as far as it has room. */
export class FakeSocket {
  readonly remoteAddress = "127.0.0.1";
  isPaused = false;
  /** Nothing is written any more. */
  isShut = false;
  isCut = false;
  private roomBytes = Number.POSITIVE_INFINITY;
  private readonly written: Buffer[] = [];

  /** As the runtime's sockets have it. */
  get asSocket(): Bun.Socket<Connection> {
    return this as unknown as Bun.Socket<Connection>;
  }

  /** From now on it takes so much and no more. */
  setRoom(bytes: number): void {
    this.roomBytes = bytes;
  }

  write(bytes: Uint8Array, from = 0, length = bytes.length - from): number {
    const count = Math.min(length, this.roomBytes);
    this.roomBytes -= count;
    this.written.push(Buffer.from(bytes.subarray(from, from + count)));
    return count;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  shutdown(): void {
    this.isShut = true;
  }

  end(): void {
    this.isShut = true;
  }

  terminate(): void {
    this.isCut = true;
  }

  /** How many writes there were. */
  get pieces(): number {
    return this.written.length;
  }

  /** What was written, as Latin-1. */
  text(): string {
    return Buffer.concat(this.written).toString("latin1");
  }

  /** What was written, which is nothing but frames, the last one perhaps in part. */
  frames(): Frame[] {
    const all = Buffer.concat(this.written);
    const frames: Frame[] = [];
    for (let at = 0; at + FRAME_HEAD_BYTES <= all.length; ) {
      const end = at + FRAME_HEAD_BYTES + all.readUIntBE(at, 3);
      if (end > all.length) break;
      const payload = all.subarray(at + FRAME_HEAD_BYTES, end);
      frames.push({ type: all[at + 3]!, flags: all[at + 4]!, stream: all.readUInt32BE(at + 5), payload });
      at = end;
    }
    return frames;
  }
}
