import { connect, type TLSSocket } from "node:tls";
import { FLAG, FRAME, FRAME_HEAD_BYTES, PREFACE } from "../http2/protocol.ts";

export interface Frame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

/** A field as a literal that is not indexed and not compressed (RFC 7541 section 6.2.2). */
const literal = (name: string, value: string): Buffer => {
  const text = (part: string) => {
    const bytes = Buffer.from(part, "latin1");
    const long = bytes.length >= 127 ? [127, ((bytes.length - 127) & 127) | 128, (bytes.length - 127) >> 7] : [];
    return Buffer.concat([Buffer.from(long.length > 0 ? long : [bytes.length]), bytes]);
  };
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
};

export const blockOf = (fields: readonly (readonly [name: string, value: string])[]): Buffer =>
  Buffer.concat(fields.map(([name, value]) => literal(name, value)));

export const getOf = (path: string, ...more: [name: string, value: string][]): Buffer =>
  blockOf([[":method", "GET"], [":scheme", "https"], [":authority", "localhost"], [":path", path], ...more]);

export const postOf = (path: string, ...more: [name: string, value: string][]): Buffer =>
  blockOf([[":method", "POST"], [":scheme", "https"], [":authority", "localhost"], [":path", path], ...more]);

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A whole request without content. */
export const request = (stream: number, block: Buffer): Buffer =>
  frame(FRAME.headers, FLAG.endStream | FLAG.endHeaders, stream, block);

export const setting = (id: number, value: number): Buffer => {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
};

/** Speaks HTTP/2 frame by frame, so that it can speak it wrongly too. */
export class FrameClient {
  readonly frames: Frame[] = [];
  isClosed = false;
  private rest: Buffer = Buffer.alloc(0);
  private changed = Promise.withResolvers<void>();

  private constructor(readonly socket: TLSSocket) {
    socket.on("data", (bytes: Buffer) => this.take(bytes));
    socket.on("error", () => {});
    socket.on("end", () => this.note(true));
    socket.on("close", () => this.note(true));
  }

  /** @param greeting sent at once; by default what opens a connection */
  static async open(port: number, greeting: Buffer = Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0)])) {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    const client = new FrameClient(socket);
    socket.write(greeting);
    return client;
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Resolves with the first frame of which that is so, or undefined when the connection ended before. */
  async find(isIt: (frame: Frame) => boolean): Promise<Frame | undefined> {
    for (;;) {
      const found = this.frames.find(isIt);
      if (found !== undefined || this.isClosed) return found;
      await this.changed.promise;
    }
  }

  /** The content of a stream, when it is whole. */
  async content(stream: number): Promise<string> {
    const isOfIt = (frame: Frame) => frame.stream === stream;
    await this.find((frame) => isOfIt(frame) && (frame.flags & FLAG.endStream) !== 0 && frame.type <= FRAME.headers);
    const parts = this.frames.filter((frame) => isOfIt(frame) && frame.type === FRAME.data);
    return Buffer.concat(parts.map(({ payload }) => payload)).toString();
  }

  /** Why the other end gave the connection up; undefined when it said nothing, or that there was no error. */
  async fault(): Promise<number | undefined> {
    const found = await this.find(({ type, payload }) => type === FRAME.goAway && payload.readUInt32BE(4) !== 0);
    return found?.payload.readUInt32BE(4);
  }

  /** Why the other end gave a stream up. */
  async resetOf(stream: number): Promise<number | undefined> {
    const found = await this.find((frame) => frame.stream === stream && frame.type === FRAME.reset);
    return found?.payload.readUInt32BE(0);
  }

  close(): void {
    this.socket.destroy();
  }

  private take(bytes: Buffer): void {
    this.rest = Buffer.concat([this.rest, bytes]);
    while (this.rest.length >= FRAME_HEAD_BYTES) {
      const end = FRAME_HEAD_BYTES + this.rest.readUIntBE(0, 3);
      if (end > this.rest.length) break;
      const [type, flags, stream] = [this.rest[3]!, this.rest[4]!, this.rest.readUInt32BE(5)];
      this.frames.push({ type, flags, stream, payload: Buffer.from(this.rest.subarray(FRAME_HEAD_BYTES, end)) });
      this.rest = this.rest.subarray(end);
    }
    this.note(false);
  }

  private note(isClosed: boolean): void {
    this.isClosed ||= isClosed;
    this.changed.resolve();
    this.changed = Promise.withResolvers();
  }
}
