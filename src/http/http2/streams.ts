import type { Answers, Caller, QuickAnswer } from "../answers.ts";
import { type HeadFault, noAddress, tooLarge } from "../faults.ts";
import { requestOf } from "../fetch-request.ts";
import { knownBody } from "../known-body.ts";
import { sendStream } from "../send-stream.ts";
import type { Bodies } from "./bodies.ts";
import { dateOf } from "./date.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { encodeHead } from "./hpack-encoder.ts";
import { IgnoredStreams, SkippedStreams } from "./ignored-streams.ts";
import { CODE, type Code, ConnectionError, DEFAULT_WINDOW_BYTES, OWN } from "./protocol.ts";
import { RequestContent } from "./request-content.ts";
import { areTrailers, type Fields, type Http2Head, isHead, MALFORMED, readHead } from "./request-head.ts";
import { Stream } from "./stream.ts";
import { ReceiveWindow } from "./windows.ts";

const CONTINUE = encodeHead(100, []);
const NOTHING = new Uint8Array();
/** What a request that is taken back or can't be answered costs of this end's patience, and a frame without use. */
const [RESET_COST, USELESS_COST] = [2, 1];

interface StreamsOptions {
  frames: FrameWriter;
  bodies: Bodies;
  answers: Answers;
  caller: Caller;
  /** @throws ConnectionError when there is none left */
  spend(cost: number): void;
  /** Something was written outside of a turn of reading, or a stream is done. */
  onProgress(): void;
}

/** The requests of one connection, each on a stream of its own (RFC 9113 section 5), and their responses. */
export class Streams {
  /** The last that the other end has begun. */
  last = 0;
  private readonly open = new Map<number, Stream>();
  private readonly ignored = new IgnoredStreams();
  private readonly skipped = new SkippedStreams();
  private readonly decoder = new HpackDecoder({ tableMaxBytes: 4096, listMaxBytes: OWN.listBytes });
  private readonly receiveWindow = new ReceiveWindow(OWN.connectionWindowBytes);
  private initialSendBytes = DEFAULT_WINDOW_BYTES;
  private isLeaving = false;

  constructor(private readonly options: StreamsOptions) {}

  get size(): number {
    return this.open.size;
  }

  /** Whether it is the client that has to go on with a request. */
  get awaitsContent(): boolean {
    for (const { content, isAnswered } of this.open.values()) if (content?.awaitsMore && !isAnswered) return true;
    return false;
  }

  headers(id: number, block: Uint8Array, endsStream: boolean): void {
    const { fields, isTooLarge } = this.decoder.decode(block);
    const open = this.open.get(id);
    if (open !== undefined) {
      this.trailers(open, endsStream && areTrailers(fields));
      return;
    }
    if (id % 2 === 0) throw new ConnectionError(CODE.protocol, "a client's streams have odd numbers");
    if (id <= this.last) {
      this.lateTrailers(id, endsStream);
      return;
    }
    // It was told that these will not be answered.
    if (this.isLeaving) return;
    this.skipped.add(this.last, id);
    this.last = id;
    const head = readHead(fields, { isTooLarge, hasContent: !endsStream });
    if (head === MALFORMED || this.open.size >= OWN.streams) {
      this.options.spend(RESET_COST);
      this.giveUp(id, head === MALFORMED ? CODE.protocol : CODE.refused, !endsStream);
    } else if ("hint" in head) {
      this.refuse(this.begin(id, isHead(fields), endsStream), head, fields);
    } else {
      const quick = head.isPlain ? this.options.answers.quick?.(head, this.options.caller) : undefined;
      if (quick === undefined) this.answer(this.begin(id, isHead(fields), endsStream), head, fields);
      else this.sendQuick(id, quick);
    }
  }

  /** @param frameBytes what the frame takes of the windows */
  data(id: number, bytes: Uint8Array, { frameBytes, endsStream }: { frameBytes: number; endsStream: boolean }): void {
    this.isBegun(id);
    if (bytes.length === 0 && !endsStream) this.options.spend(USELESS_COST);
    if (!this.receiveWindow.take(frameBytes)) throw new ConnectionError(CODE.flowControl, "too much content came");
    const stream = this.open.get(id);
    if (stream === undefined || !stream.isOpen || !stream.receiveWindow.take(frameBytes)) {
      this.options.spend(USELESS_COST);
      this.giveBack(undefined, frameBytes);
      if (stream !== undefined) this.reset(stream, stream.isOpen ? CODE.flowControl : CODE.streamClosed);
      return;
    }
    const { content } = stream;
    if (content === undefined) {
      this.giveBack(stream, frameBytes);
      if (endsStream) stream.isOpen = false;
      return;
    }
    const state = content.take(bytes, frameBytes);
    if (state === "more") {
      if (endsStream) this.endContent(stream);
      return;
    }
    this.giveBack(undefined, frameBytes);
    if (state === "too-long" || stream.isAnswered) this.reset(stream, CODE.protocol);
    else this.refuse(stream, tooLarge, []);
  }

  /** The other end takes a request back. */
  taken(id: number): void {
    this.isBegun(id);
    this.options.spend(RESET_COST);
    this.ignored.delete(id);
    const stream = this.open.get(id);
    if (stream !== undefined) this.forget(stream);
  }

  /** The other end takes more of one response. */
  grow(id: number, bytes: number): void {
    this.isBegun(id);
    const stream = this.open.get(id);
    if (stream === undefined) return;
    if (bytes === 0) this.reset(stream, CODE.protocol);
    else if (!stream.sendWindow.grow(bytes)) this.reset(stream, CODE.flowControl);
  }

  /** The other end takes so much of each response at first. @throws ConnectionError */
  setInitialWindow(bytes: number): void {
    for (const { sendWindow } of this.open.values()) {
      if (!sendWindow.grow(bytes - this.initialSendBytes)) {
        throw new ConnectionError(CODE.flowControl, "a window is too large");
      }
    }
    this.initialSendBytes = bytes;
  }

  /** The whole response is out. */
  done(stream: Stream): void {
    if (stream.isClosed) return;
    // What is left of the request is in nobody's interest (section 8.1).
    if (stream.isOpen) this.giveUp(stream.id, CODE.none, true);
    this.remove(stream);
  }

  /** No stream is begun any more. */
  leave(): void {
    this.isLeaving = true;
  }

  close(): void {
    for (const stream of [...this.open.values()]) this.forget(stream);
  }

  private isBegun(id: number): void {
    if (id > this.last && !this.isLeaving) throw new ConnectionError(CODE.protocol, "a stream did not begin");
  }

  private begin(id: number, isHead: boolean, endsStream: boolean): Stream {
    const windows = { sendBytes: this.initialSendBytes, receiveBytes: OWN.windowBytes };
    const stream = new Stream(id, { isHead, hasContent: !endsStream, ...windows });
    this.open.set(id, stream);
    return stream;
  }

  private answer(stream: Stream, head: Http2Head, fields: Fields): void {
    const { answers, caller, frames } = this.options;
    if (stream.isOpen) {
      stream.content = new RequestContent(head, {
        onRead: (bytes) => {
          this.giveBack(stream, bytes);
          this.options.onProgress();
        },
        onContinue: () => {
          if (!stream.isAnswered && !stream.isClosed) frames.headers(stream.id, CONTINUE, NOTHING, false);
          this.options.onProgress();
        },
      });
    }
    const told = { content: stream.content?.stream, signal: stream.abort.signal };
    const request = requestOf(head, caller.scheme, told);
    if (request === undefined) {
      this.refuse(stream, noAddress, fields);
      return;
    }
    answers.opened(request, caller);
    const response = answers.answer(request);
    if (response instanceof Response) this.respond(stream, response);
    else response.then((later) => this.respond(stream, later)).catch(() => this.reset(stream, CODE.internal));
  }

  private sendQuick(id: number, { head, body }: QuickAnswer): void {
    const { frames, bodies } = this.options;
    head.block ??= encodeHead(head.status, head.fields);
    const length = body?.length ?? 0;
    frames.headers(id, head.block, dateOf(Date.now()), length === 0);
    if (body === undefined || length === 0) return;
    if (bodies.isRoomFor(body.length, this.initialSendBytes)) bodies.sendWhole(id, body.bytes);
    else {
      const stream = this.begin(id, false, true);
      stream.isAnswered = true;
      bodies.add(stream, body.bytes, true);
    }
  }

  /** The response of the handler, which may come long after the request, or after the client took that back. */
  private respond(stream: Stream, response: Response): void {
    const { headers, status } = response;
    const known = knownBody(response);
    const body = known === undefined ? response.body : null;
    if (stream.isClosed || stream.isAnswered) {
      body?.cancel().catch(() => {});
      return;
    }
    stream.isAnswered = true;
    const hasNone = stream.isHead || status === 204 || status === 304;
    const send = (length: number | undefined, endsStream: boolean) => {
      // The body may have been waited for.
      if (stream.isClosed) return;
      const fields = length === undefined ? headers : [...headers, ["content-length", String(length)] as const];
      this.options.frames.headers(stream.id, encodeHead(status, fields), dateOf(Date.now()), endsStream);
    };
    if (hasNone || body === null) {
      body?.cancel().catch(() => {});
      const size = known?.length ?? 0;
      send(hasNone || headers.has("content-length") ? undefined : size, hasNone || size === 0);
      if (hasNone || size === 0) this.done(stream);
      else this.options.bodies.add(stream, known?.bytes ?? NOTHING, true);
      this.options.onProgress();
      return;
    }
    sendStream(body, {
      length: headers.get("content-length"),
      signal: stream.abort.signal,
      sendHead: (length) => send(typeof length === "number" ? length : undefined, false),
      send: async (bytes) => {
        if (stream.isClosed) return false;
        this.options.bodies.add(stream, bytes, false);
        this.options.onProgress();
        await stream.whenDrained();
        return !stream.isClosed;
      },
    }).then(
      () => {
        if (!stream.isClosed) this.options.bodies.add(stream, NOTHING, true);
        this.options.onProgress();
      },
      // What was announced can't be kept, and the client has to see that.
      () => this.reset(stream, CODE.internal),
    );
  }

  private trailers(stream: Stream, areValid: boolean): void {
    // Nobody asks for what they say.
    if (!stream.isOpen) this.reset(stream, CODE.streamClosed);
    else if (!areValid) this.reset(stream, CODE.protocol);
    else this.endContent(stream);
  }

  private lateTrailers(id: number, endsStream: boolean): void {
    if (this.skipped.has(id)) throw new ConnectionError(CODE.protocol, "a stream begins after a later one");
    if (!this.ignored.has(id)) throw new ConnectionError(CODE.streamClosed, "a stream is used again");
    this.options.spend(USELESS_COST);
    if (endsStream) this.ignored.delete(id);
  }

  private endContent(stream: Stream): void {
    stream.isOpen = false;
    const isWhole = stream.content?.end() ?? true;
    if (!isWhole) this.reset(stream, CODE.protocol);
  }

  private refuse(stream: Stream, fault: HeadFault, fields: Fields): void {
    stream.content?.fail("The request's content is not valid.");
    stream.content = undefined;
    stream.abort.abort();
    const accept = fields.find(([name]) => name === "accept")?.[1] ?? null;
    this.respond(stream, this.options.answers.refuse(fault, accept));
  }

  /** Content was read. @param stream undefined when it takes no more */
  private giveBack(stream: Stream | undefined, bytes: number): void {
    const { frames } = this.options;
    const forAll = this.receiveWindow.read(bytes);
    if (forAll > 0) frames.windowUpdate(0, forAll);
    const forOne = stream?.isOpen && !stream.isClosed ? stream.receiveWindow.read(bytes) : 0;
    if (forOne > 0) frames.windowUpdate(stream!.id, forOne);
  }

  private reset(stream: Stream, code: Code): void {
    if (stream.isClosed) return;
    this.giveUp(stream.id, code, stream.isOpen);
    this.forget(stream);
    this.options.onProgress();
  }

  /** @param isOpen whether the other end may have sent more of the request by now */
  private giveUp(id: number, code: Code, isOpen: boolean): void {
    this.options.frames.reset(id, code);
    if (isOpen) this.ignored.add(id);
  }

  /** Nobody waits for the response any more. */
  private forget(stream: Stream): void {
    this.remove(stream);
    stream.abort.abort();
  }

  private remove(stream: Stream): void {
    this.open.delete(stream.id);
    this.options.bodies.remove(stream);
    stream.close();
  }
}
