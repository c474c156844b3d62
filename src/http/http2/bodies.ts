import type { Output } from "../output.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { DEFAULT_WINDOW_BYTES, FRAME_MAX_BYTES } from "./protocol.ts";
import type { Stream } from "./stream.ts";
import { SendWindow } from "./windows.ts";

/** Sends the bodies of a connection's responses, frame by frame in turns, as far as the other end takes them. */
export class Bodies {
  /** For all streams together. */
  readonly window = new SendWindow(DEFAULT_WINDOW_BYTES);
  /** Those with something pending. */
  private readonly sending = new Set<Stream>();

  constructor(
    private readonly frames: FrameWriter,
    private readonly output: Output,
    /** The whole response is out. */
    private readonly onDone: (stream: Stream) => void,
  ) {}

  get isWaiting(): boolean {
    return this.sending.size > 0;
  }

  /** Whether a body of this length can go out whole, and at once. @param streamBytes what its stream has room for */
  isRoomFor(bytes: number, streamBytes: number): boolean {
    return this.sending.size === 0 && bytes <= Math.min(this.window.leftBytes, streamBytes);
  }

  /** The bytes are not to be changed afterwards. Nothing else of the stream may be pending. */
  add(stream: Stream, bytes: Uint8Array, isLast: boolean): void {
    stream.pending = { bytes, from: 0, isLast };
    this.sending.add(stream);
    this.pump();
  }

  /** A body that there is room for. */
  sendWhole(stream: number, bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += FRAME_MAX_BYTES) {
      const to = Math.min(from + FRAME_MAX_BYTES, bytes.length);
      this.frames.data(stream, bytes, { from, to, endsStream: to === bytes.length });
    }
    this.window.leftBytes -= bytes.length;
  }

  remove(stream: Stream): void {
    this.sending.delete(stream);
  }

  /** Goes on after there is more room. */
  pump(): void {
    // Whoever had its turn stands at the end of the set, and comes up again as long as there is room.
    for (const stream of this.sending) {
      if (this.output.isBlocked) return;
      this.sendNext(stream);
    }
  }

  private sendNext(stream: Stream): void {
    const { pending, sendWindow } = stream;
    if (pending === undefined) return;
    const { bytes, from, isLast } = pending;
    const room = Math.min(FRAME_MAX_BYTES, this.window.leftBytes, sendWindow.leftBytes);
    const to = Math.min(from + Math.max(0, room), bytes.length);
    if (to === from && bytes.length > 0) return;
    const isOut = to === bytes.length;
    this.frames.data(stream.id, bytes, { from, to, endsStream: isOut && isLast });
    this.window.leftBytes -= to - from;
    sendWindow.leftBytes -= to - from;
    pending.from = to;
    this.sending.delete(stream);
    if (!isOut) {
      this.sending.add(stream);
      return;
    }
    stream.settle();
    if (isLast) this.onDone(stream);
  }
}
