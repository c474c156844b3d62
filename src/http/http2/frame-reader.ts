import { CODE, ConnectionError, FLAG, FRAME, FRAME_HEAD_BYTES, FRAME_MAX_BYTES, SETTING } from "./protocol.ts";

/** Of one request's head, compressed: beyond it lies no head that would be let in. */
const BLOCK_MAX_BYTES = 32 * 1024;
/** A head may come in this many pieces. */
const PIECES_MAX = 16;

/** What the frames of a connection say. Each may throw a `ConnectionError`. */
export interface FrameTaker {
  /** @param block the whole compressed head, a view that is valid during the call */
  headers(stream: number, block: Uint8Array, endsStream: boolean): void;
  /** @param frameBytes what the frame takes of the windows, its padding included */
  data(stream: number, bytes: Uint8Array, told: { frameBytes: number; endsStream: boolean }): void;
  reset(stream: number): void;
  /** All of one frame; `undefined`: the other end has ours. */
  settings(values: readonly (readonly [id: number, value: number])[] | undefined): void;
  ping(payload: Uint8Array): void;
  windowUpdate(stream: number, bytes: number): void;
  goAway(): void;
}

interface Block {
  stream: number;
  endsStream: boolean;
  pieces: Uint8Array[];
  bytes: number;
}

/** Takes frames apart (RFC 9113 section 6) and hands on what they say. */
export class FrameReader {
  private block: Block | undefined;

  constructor(private readonly taker: FrameTaker) {}

  /** Whether a head has begun whose end did not come yet. */
  get isAmidHead(): boolean {
    return this.block !== undefined;
  }

  /**
   * Reads the frame that begins at `from`.
   * @returns how many bytes it took; 0 when not all of it is there
   * @throws ConnectionError
   */
  read(bytes: Buffer, from: number): number {
    if (bytes.length - from < FRAME_HEAD_BYTES) return 0;
    const length = bytes.readUIntBE(from, 3);
    if (length > FRAME_MAX_BYTES) throw new ConnectionError(CODE.frameSize, "a frame is too large");
    const end = from + FRAME_HEAD_BYTES + length;
    if (end > bytes.length) return 0;
    const type = bytes[from + 3]!;
    const flags = bytes[from + 4]!;
    const stream = bytes.readUInt32BE(from + 5) & 0x7fffffff;
    const payload = bytes.subarray(from + FRAME_HEAD_BYTES, end);
    if (this.block !== undefined && (type !== FRAME.continuation || stream !== this.block.stream)) {
      throw protocol("a head is broken off by another frame");
    }
    this.take(type, flags, stream, payload);
    return FRAME_HEAD_BYTES + length;
  }

  private take(type: number, flags: number, stream: number, payload: Buffer): void {
    const { taker } = this;
    switch (type) {
      case FRAME.data: {
        ofStream(stream);
        const endsStream = (flags & FLAG.endStream) !== 0;
        taker.data(stream, withoutPadding(flags, payload), { frameBytes: payload.length, endsStream });
        break;
      }
      case FRAME.headers:
        ofStream(stream);
        this.beginBlock(flags, stream, payload);
        break;
      case FRAME.continuation:
        if (this.block === undefined) throw protocol("a head goes on that did not begin");
        this.goOnWithBlock(this.block, flags, payload);
        break;
      case FRAME.priority:
        ofStream(stream);
        ofLength(payload, 5);
        if ((payload.readUInt32BE(0) & 0x7fffffff) === stream) throw protocol("a stream depends on itself");
        break;
      case FRAME.reset:
        ofStream(stream);
        ofLength(payload, 4);
        taker.reset(stream);
        break;
      case FRAME.settings:
        ofConnection(stream);
        taker.settings(settingsIn(flags, payload));
        break;
      case FRAME.ping:
        ofConnection(stream);
        ofLength(payload, 8);
        // Nothing was asked that could be answered.
        if ((flags & FLAG.ack) === 0) taker.ping(payload);
        break;
      case FRAME.goAway:
        ofConnection(stream);
        if (payload.length < 8) throw new ConnectionError(CODE.frameSize, "a frame has the wrong length");
        taker.goAway();
        break;
      case FRAME.windowUpdate:
        ofLength(payload, 4);
        taker.windowUpdate(stream, payload.readUInt32BE(0) & 0x7fffffff);
        break;
      case FRAME.pushPromise:
        throw protocol("a client promises nothing");
      default: // Of an extension (section 5.5).
    }
  }

  private beginBlock(flags: number, stream: number, payload: Buffer): void {
    let piece = withoutPadding(flags, payload);
    if ((flags & FLAG.priority) !== 0) {
      if (piece.length < 5) throw new ConnectionError(CODE.frameSize, "a frame has the wrong length");
      if ((piece.readUInt32BE(0) & 0x7fffffff) === stream) throw protocol("a stream depends on itself");
      piece = piece.subarray(5);
    }
    const endsStream = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) this.taker.headers(stream, piece, endsStream);
    // What comes in is overwritten after this turn.
    else this.block = { stream, endsStream, pieces: [Buffer.from(piece)], bytes: piece.length };
  }

  private goOnWithBlock(block: Block, flags: number, payload: Buffer): void {
    block.pieces.push(Buffer.from(payload));
    block.bytes += payload.length;
    if (block.bytes > BLOCK_MAX_BYTES || block.pieces.length > PIECES_MAX) {
      throw new ConnectionError(CODE.calm, "a head is too large");
    }
    if ((flags & FLAG.endHeaders) === 0) return;
    this.block = undefined;
    this.taker.headers(block.stream, Buffer.concat(block.pieces), block.endsStream);
  }
}

function withoutPadding(flags: number, payload: Buffer): Buffer {
  if ((flags & FLAG.padded) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined) throw new ConnectionError(CODE.frameSize, "a frame has the wrong length");
  if (padding >= payload.length) throw protocol("a frame has more padding than content");
  return payload.subarray(1, payload.length - padding);
}

function settingsIn(flags: number, payload: Buffer): [id: number, value: number][] | undefined {
  const isAck = (flags & FLAG.ack) !== 0;
  if (payload.length % 6 !== 0 || (isAck && payload.length > 0)) {
    throw new ConnectionError(CODE.frameSize, "a frame has the wrong length");
  }
  if (isAck) return undefined;
  const values: [number, number][] = [];
  for (let at = 0; at < payload.length; at += 6) {
    const [id, value] = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
    if (id === SETTING.enablePush && value > 1) throw protocol("a setting has a value that it can't have");
    if (id === SETTING.frameSize && (value < FRAME_MAX_BYTES || value > 0xffffff)) {
      throw protocol("a setting has a value that it can't have");
    }
    if (id === SETTING.initialWindow && value > 0x7fffffff) {
      throw new ConnectionError(CODE.flowControl, "a setting has a value that it can't have");
    }
    values.push([id, value]);
  }
  return values;
}

function ofStream(stream: number): void {
  if (stream === 0) throw protocol("a frame of a stream names none");
}

function ofConnection(stream: number): void {
  if (stream !== 0) throw protocol("a frame of the connection names a stream");
}

function ofLength(payload: Buffer, length: number): void {
  if (payload.length !== length) throw new ConnectionError(CODE.frameSize, "a frame has the wrong length");
}

const protocol = (message: string): ConnectionError => new ConnectionError(CODE.protocol, message);
