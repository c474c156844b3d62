import type { Answers } from "../answers.ts";
import { Input } from "../input.ts";
import type { Connection } from "../listen-http.ts";
import { Output } from "../output.ts";
import { isOverdue } from "../overdue.ts";
import { Bodies } from "./bodies.ts";
import { FrameReader, type FrameTaker } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import { HpackError } from "./hpack-error.ts";
import { Patience } from "./patience.ts";
import {
  CODE,
  type Code,
  ConnectionError,
  DEFAULT_TABLE_BYTES,
  DEFAULT_WINDOW_BYTES,
  OWN,
  PREFACE,
  SETTING,
} from "./protocol.ts";
import { Streams } from "./streams.ts";

/** How many frames of one client are read before the other clients have their turn. */
const TURN_FRAMES = 128;
/** The highest number that a stream can have. */
const EVERY_STREAM = 2 ** 31 - 1;
/** What a question about the connection costs of this end's patience. */
const QUESTION_COST = 1;

/** One client's HTTP/2 connection (RFC 9113): many requests side by side, each on a stream of frames. */
export class Http2Connection implements Connection, FrameTaker {
  readonly scheme = "https";
  private readonly output: Output;
  private readonly input: Input;
  private readonly frames: FrameWriter;
  private readonly reader = new FrameReader(this);
  private readonly bodies: Bodies;
  private readonly streams: Streams;
  private readonly patience = new Patience();
  private isGreeted = false;
  private hasSettings = false;
  /** In the midst of `read`, at whose end everything is sent. */
  private isReading = false;
  /** What came in is read on in the next turn of the event loop. */
  private isWaiting = false;
  /** No stream is begun any more. */
  private isLeaving = false;
  private isEnding = false;
  private isClosed = false;
  /** When something last came in or went out; milliseconds since 1970, as all times here. */
  private activeAt = Date.now();
  /** When a frame or a head began of which not all is there. */
  private partSince: number | undefined = this.activeAt;

  constructor(
    private readonly socket: Bun.Socket<Connection>,
    answers: Answers,
  ) {
    this.output = new Output(socket);
    this.input = new Input(socket);
    this.frames = new FrameWriter(this.output);
    this.bodies = new Bodies(this.frames, this.output, (stream) => this.streams.done(stream));
    this.streams = new Streams({
      ...{ frames: this.frames, bodies: this.bodies, answers, caller: this },
      spend: (cost) => this.spend(cost),
      onProgress: () => this.progress(),
    });
    this.frames.settings([
      [SETTING.streams, OWN.streams],
      [SETTING.initialWindow, OWN.windowBytes],
      [SETTING.listSize, OWN.listBytes],
    ]);
    this.frames.windowUpdate(0, OWN.connectionWindowBytes - DEFAULT_WINDOW_BYTES);
    if (answers.isLeaving()) this.frames.goAway(EVERY_STREAM, CODE.none);
    this.frames.flush();
  }

  get address(): string | undefined {
    return this.isClosed ? undefined : this.socket.remoteAddress;
  }

  isOverdue(now: number): boolean {
    const { activeAt, partSince, isEnding, streams } = this;
    const isBlocked = this.output.isBlocked || this.bodies.isWaiting;
    const [isAnswering, awaitsContent] = [streams.size > 0, streams.awaitsContent];
    return isOverdue(
      { activeAt, headSince: partSince, isBlocked, isEnding, isAnswering, hasEnded: false, awaitsContent },
      now,
    );
  }

  /** Whoever is idle is told, so that what it may be about to ask is asked anew (section 6.8). */
  expire(): void {
    if (this.isEnding || this.isLeaving || this.streams.size > 0) this.cut();
    else this.leave();
  }

  receive(bytes: Buffer): void {
    if (this.isEnding) return;
    this.activeAt = Date.now();
    if (this.input.isEmpty && this.isFree) {
      this.read(bytes, false);
      return;
    }
    this.input.keep(bytes, false);
    if (this.isFree) this.readKept();
  }

  end(): void {
    // Nobody speaks HTTP/2 with half a connection: windows have to grow.
    this.isEnding = true;
    this.streams.close();
    this.socket.end();
  }

  drain(): void {
    if (this.output.drain()) this.activeAt = Date.now();
    if (this.output.isBlocked) return;
    if (this.isEnding) {
      this.finish();
      return;
    }
    this.bodies.pump();
    this.frames.flush();
    if (this.isFree) this.readKept();
    this.progress();
  }

  close(): void {
    this.isClosed = true;
    this.isEnding = true;
    this.input.close();
    this.output.close();
    this.streams.close();
  }

  giveNotice(): void {
    if (this.isEnding || this.isLeaving) return;
    this.frames.goAway(EVERY_STREAM, CODE.none);
    this.frames.flush();
  }

  /** RFC 9113 section 6.8: those with a higher number than the last one will not be answered. */
  leave(): void {
    if (this.isEnding || this.isLeaving) return;
    this.isLeaving = true;
    this.streams.leave();
    this.frames.goAway(this.streams.last, CODE.none);
    this.progress();
  }

  cut(): void {
    this.socket.terminate();
  }

  settings(values: readonly (readonly [id: number, value: number])[] | undefined): void {
    this.hasSettings = true;
    if (values === undefined) return;
    this.spend(QUESTION_COST);
    for (const [id, value] of values) {
      if (id === SETTING.initialWindow) this.streams.setInitialWindow(value);
      else if (id === SETTING.tableSize && value < DEFAULT_TABLE_BYTES) this.frames.leaveTable();
    }
    this.frames.settingsAck();
    this.bodies.pump();
  }

  ping(payload: Uint8Array): void {
    this.mayBegin();
    this.spend(QUESTION_COST);
    this.frames.ping(payload);
  }

  goAway(): void {
    this.mayBegin();
    this.leave();
  }

  windowUpdate(id: number, bytes: number): void {
    this.mayBegin();
    if (id !== 0) this.streams.grow(id, bytes);
    else if (bytes === 0) throw new ConnectionError(CODE.protocol, "a window grows by nothing");
    else if (!this.bodies.window.grow(bytes)) throw new ConnectionError(CODE.flowControl, "a window is too large");
    this.bodies.pump();
  }

  reset(id: number): void {
    this.mayBegin();
    this.streams.taken(id);
  }

  data(id: number, bytes: Uint8Array, told: { frameBytes: number; endsStream: boolean }): void {
    this.mayBegin();
    this.streams.data(id, bytes, told);
  }

  headers(id: number, block: Uint8Array, endsStream: boolean): void {
    this.mayBegin();
    this.streams.headers(id, block, endsStream);
  }

  private get isFree(): boolean {
    return !this.output.isBlocked && !this.isWaiting;
  }

  private readKept(): void {
    const kept = this.input.take();
    if (kept !== undefined) this.read(kept, true);
    else this.progress();
    if (!this.isEnding && this.isFree) this.input.resume();
  }

  /** All whole frames, as long as the other end reads what comes of them and others need not wait. */
  private read(bytes: Buffer, isOwn: boolean): void {
    let from = 0;
    this.isReading = true;
    try {
      for (let left = TURN_FRAMES; !this.isEnding && this.isFree; left -= 1) {
        const size = this.readNext(bytes, from);
        if (size === 0) break;
        from += size;
        if (left === 1) this.waitForTurn();
      }
    } catch (error) {
      this.fail(error);
    }
    this.isReading = false;
    if (!this.isEnding && from < bytes.length) this.input.keep(bytes.subarray(from), isOwn);
    const isAmid = this.isFree && (from < bytes.length || this.reader.isAmidHead || !this.hasSettings);
    const hasMoved = from > 0 && !this.reader.isAmidHead && this.hasSettings;
    this.partSince = isAmid ? ((hasMoved ? undefined : this.partSince) ?? this.activeAt) : undefined;
    this.progress();
    if (!this.isFree) this.input.pause();
  }

  /** @returns how many bytes were read, 0 when what is next is not all there @throws ConnectionError */
  private readNext(bytes: Buffer, from: number): number {
    if (this.isGreeted) return this.reader.read(bytes, from);
    const begin = bytes.subarray(from, from + PREFACE.length);
    if (!PREFACE.subarray(0, begin.length).equals(begin)) {
      throw new ConnectionError(CODE.protocol, "the connection does not begin as one of HTTP/2");
    }
    this.isGreeted = begin.length === PREFACE.length;
    return this.isGreeted ? PREFACE.length : 0;
  }

  /** RFC 9113 section 3.4: settings come first. */
  private mayBegin(): void {
    if (!this.hasSettings) throw new ConnectionError(CODE.protocol, "the first frame is not one of settings");
  }

  private spend(cost: number): void {
    if (!this.patience.spend(cost, this.activeAt)) throw new ConnectionError(CODE.calm, "the client asks too much");
  }

  private waitForTurn(): void {
    this.isWaiting = true;
    setImmediate(() => {
      this.isWaiting = false;
      if (this.isFree && !this.isEnding) this.readKept();
    });
  }

  /** Sends what was written, and ends what is at its end. */
  private progress(): void {
    if (this.isReading) return;
    if (this.frames.flush()) this.activeAt = Date.now();
    if (this.isEnding || !this.isFree) return;
    if (this.isLeaving && this.streams.size === 0) this.finish();
  }

  /** The other end is told why, as far as the protocol has a word for it. */
  private fail(error: unknown): void {
    const code = codeOf(error);
    this.frames.goAway(this.streams.last, code);
    this.frames.flush();
    this.streams.close();
    this.finish();
  }

  /** Nothing more is read; what is written goes out, then the connection ends. */
  private finish(): void {
    this.isEnding = true;
    this.input.take();
    if (this.output.isBlocked || this.isClosed) return;
    this.activeAt = Date.now();
    this.input.resume();
    // To close with bytes unread would reset the connection, and what was sent with it.
    this.socket.shutdown();
  }
}

function codeOf(error: unknown): Code {
  if (error instanceof HpackError) return CODE.compression;
  return error instanceof ConnectionError ? error.code : CODE.internal;
}
