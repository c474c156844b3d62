import type { Answers, QuickAnswer, Scheme } from "../answers.ts";
import { badChunks, type HeadFault, noAddress, tooLarge } from "../faults.ts";
import { requestOf } from "../fetch-request.ts";
import { Input } from "../input.ts";
import { knownBody } from "../known-body.ts";
import type { Connection } from "../listen-http.ts";
import { Output } from "../output.ts";
import { isOverdue } from "../overdue.ts";
import { sendStream } from "../send-stream.ts";
import { sharing } from "../sharing.ts";
import { CONTENT_MAX_BYTES, Content } from "./content.ts";
import { CLOSE, CONTINUE, chunkOf, FRAMING, KEEP_ALIVE, LAST_CHUNK, NONE } from "./framing.ts";
import { HEAD_MAX_BYTES, nextHead } from "./next-head.ts";
import type { Http1Head } from "./parse-head.ts";
import { linesOf } from "./response-head.ts";

/** How many requests of one client are answered before the other clients have their turn. */
const TURN_REQUESTS = 64;

/** A request that is being answered. */
interface Exchange {
  head: Http1Head;
  abort: AbortController;
  /** As long as it is not all there. */
  content: Content | undefined;
  /** The head of the response is on its way. */
  isAnswered: boolean;
}

/**
 * One client's connection: requests in, one after the other, and their responses out in the same order. A response that
 * the client does not read stops everything behind it, so that nobody is owed more than one of them.
 */
export class Http1Connection implements Connection {
  private readonly output: Output;
  private readonly input: Input;
  private exchange: Exchange | undefined;
  /** In the midst of `read`, which goes on by itself. */
  private isReading = false;
  /** What came in is read on in the next turn of the event loop. */
  private isWaiting = false;
  private isEnding = false;
  private isClosed = false;
  /** The other end sends no more. */
  private hasEnded = false;
  /** When something last came in or went out; milliseconds since 1970, as all times here. */
  private activeAt = Date.now();
  /** When a head began of which not all is there. */
  private headSince: number | undefined = this.activeAt;

  constructor(
    private readonly socket: Bun.Socket<Connection>,
    private readonly answers: Answers,
    readonly scheme: Scheme,
  ) {
    this.output = new Output(socket, scheme === "http" ? sharing : undefined);
    this.input = new Input(socket);
  }

  get address(): string | undefined {
    return this.isClosed ? undefined : this.socket.remoteAddress;
  }

  isOverdue(now: number): boolean {
    const { activeAt, headSince, isEnding, hasEnded, exchange } = this;
    const awaitsContent = exchange?.content !== undefined && !exchange.isAnswered && !this.input.isPaused;
    const standing = { activeAt, headSince, isEnding, hasEnded, awaitsContent, isBlocked: this.output.isBlocked };
    return isOverdue({ ...standing, isAnswering: exchange !== undefined }, now);
  }

  expire(): void {
    this.cut();
  }

  /** Bytes from the other end. */
  receive(bytes: Buffer): void {
    if (this.isEnding) return;
    this.activeAt = Date.now();
    const content = this.exchange?.content;
    const rest = content === undefined ? bytes : bytes.subarray(this.takeContent(content, bytes));
    if (rest.length === 0 || this.isEnding) return;
    if (this.input.isEmpty && this.isFree) {
      this.read(rest, false);
      return;
    }
    this.input.keep(rest, false);
    if (this.isFree) this.readKept();
  }

  end(): void {
    this.hasEnded = true;
    this.activeAt = Date.now();
    if (this.exchange?.content !== undefined) {
      this.exchange.content.fail("The request ended before its content did.");
      this.exchange.content = undefined;
    }
    if (this.isFree) this.socket.end();
  }

  drain(): void {
    if (this.output.drain()) this.activeAt = Date.now();
    if (this.output.isBlocked) return;
    if (this.isEnding) this.finish();
    else if (this.exchange === undefined) this.goOn();
  }

  close(): void {
    this.isClosed = true;
    this.isEnding = true;
    this.input.close();
    this.exchange?.content?.fail("The client is gone.");
    this.exchange?.abort.abort();
    this.exchange = undefined;
    this.output.close();
  }

  /** The next response says so: see `isLast`. */
  giveNotice(): void {}

  leave(): void {
    if (this.isFree) this.socket.end();
  }

  cut(): void {
    this.socket.terminate();
  }

  /** Whether the next request can be answered. */
  private get isFree(): boolean {
    return this.exchange === undefined && !this.output.isBlocked && !this.isWaiting;
  }

  private readKept(): void {
    const kept = this.input.take();
    if (kept !== undefined) this.read(kept, true);
    if (this.isEnding) return;
    // Whoever waits for content resumes by itself.
    if (this.exchange?.content === undefined && (this.isFree || this.input.isEmpty)) this.input.resume();
    if (this.isFree && (this.hasEnded || (this.answers.isLeaving() && this.input.isEmpty))) this.finish();
  }

  /** All whole requests, as long as each is answered at once and others need not wait for it. */
  private read(bytes: Buffer, isOwn: boolean): void {
    const now = this.activeAt;
    let left = TURN_REQUESTS;
    this.isReading = true;
    for (let from = 0; from < bytes.length && !this.isEnding; left -= 1) {
      if (left === 0) this.waitForTurn();
      if (!this.isFree) {
        this.input.keep(bytes.subarray(from), isOwn);
        break;
      }
      const head = nextHead(bytes, from);
      if (head === undefined) {
        this.headSince ??= now;
        this.input.keep(bytes.subarray(from), isOwn);
        break;
      }
      this.headSince = undefined;
      if ("message" in head) {
        this.refuse(head, bytes.toString("latin1", from, from + HEAD_MAX_BYTES));
        break;
      }
      from += head.sizeBytes;
      const quick = head.isPlain ? this.answers.quick?.(head, this) : undefined;
      if (quick === undefined) from += this.open(head, bytes.subarray(from));
      else this.sendQuick(quick, head, now);
    }
    this.isReading = false;
  }

  private waitForTurn(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    setImmediate(() => {
      this.isWaiting = false;
      if (this.isFree && !this.isEnding) this.readKept();
    });
  }

  private sendQuick({ head, body }: QuickAnswer, { keepsAlive, isHttp10 }: Http1Head, now: number): void {
    const isLast = !keepsAlive || this.answers.isLeaving();
    head.lines ??= linesOf(head.status, head.fields);
    const more = isLast ? CLOSE : isHttp10 ? KEEP_ALIVE : NONE;
    this.output.send({ head: head.lines, more, isReady: true }, body, now);
    if (isLast) this.finish();
  }

  /** @returns how many of the bytes were its content */
  private open(head: Http1Head, bytes: Buffer): number {
    const { bodyLength } = head;
    if (bodyLength !== "chunked" && bodyLength > CONTENT_MAX_BYTES) return this.refuse(tooLarge, head.text);
    const exchange: Exchange = { head, abort: new AbortController(), content: undefined, isAnswered: false };
    if (bodyLength !== 0) exchange.content = this.contentOf(exchange);
    const request = requestOf(head, this.scheme, { content: exchange.content?.stream, signal: exchange.abort.signal });
    if (request === undefined) return this.refuse(noAddress, head.text);
    this.exchange = exchange;
    const used = exchange.content === undefined ? 0 : this.takeContent(exchange.content, bytes);
    // Content that is wrong from the start is refused by now.
    if (this.isEnding) return used;
    this.answers.opened(request, this);
    const response = this.answers.answer(request);
    if (response instanceof Response) this.respond(exchange, response);
    else response.then((later) => this.respond(exchange, later)).catch(() => this.isClosed || this.cut());
    return used;
  }

  private contentOf(exchange: Exchange): Content {
    return new Content(exchange.head, {
      onWanted: () => this.input.resume(),
      onContinue: () => exchange.isAnswered || this.output.write(CONTINUE),
    });
  }

  /** @returns how many of the bytes are the content's */
  private takeContent(content: Content, bytes: Buffer): number {
    const { used, state } = content.take(bytes);
    if (state === "more") {
      if (content.isFull) this.input.pause();
      return used;
    }
    const exchange = this.exchange!;
    exchange.content = undefined;
    if (state === "done") return used;
    exchange.abort.abort();
    if (exchange.isAnswered) {
      this.isEnding = true;
      this.cut();
    } else {
      this.exchange = undefined;
      this.refuse(state === "malformed" ? badChunks : tooLarge, exchange.head.text);
    }
    return used;
  }

  /** The response of the handler, which may come long after the request, or after the client went away. */
  private respond(exchange: Exchange, response: Response): void {
    const { headers, status } = response;
    const known = knownBody(response);
    const body = known === undefined ? response.body : null;
    if (this.exchange !== exchange) {
      body?.cancel().catch(() => {});
      return;
    }
    exchange.isAnswered = true;
    const { head } = exchange;
    // Content that nobody read is in the way of the next request.
    const canGoOn = head.keepsAlive && exchange.content === undefined && !this.answers.isLeaving();
    const isLast = !canGoOn || headers.get("connection") === "close";
    const more = isLast ? CLOSE : head.isHttp10 ? KEEP_ALIVE : NONE;
    const send = (framing: string, body: typeof known) =>
      this.output.send({ head: linesOf(status, headers, framing), more }, body, Date.now());
    const hasNone = head.method === "HEAD" || status === 204 || status === 304;
    if (hasNone || body === null) {
      body?.cancel().catch(() => {});
      const length = hasNone || headers.has("content-length") ? "" : `content-length: ${known?.length ?? 0}\r\n`;
      send(length, hasNone ? undefined : known);
      this.done(exchange, isLast);
      return;
    }
    let ending: "told" | "chunked" | "close" = "told";
    sendStream(body, {
      length: headers.get("content-length"),
      signal: exchange.abort.signal,
      sendHead: (length) => {
        if (length === "unknown") ending = head.isHttp10 ? "close" : "chunked";
        const framing = typeof length === "number" ? `content-length: ${length}\r\n` : FRAMING[ending];
        send(framing, undefined);
      },
      send: async (bytes) => {
        this.output.write(ending === "chunked" ? chunkOf(bytes) : bytes);
        await this.output.whenDrained();
        this.activeAt = Date.now();
        return !this.isClosed;
      },
    }).then(
      () => {
        if (ending === "chunked") this.output.write(LAST_CHUNK);
        this.done(exchange, isLast || ending === "close");
      },
      // What was announced can't be kept, and the client has to see that.
      () => this.isClosed || this.cut(),
    );
  }

  private done(exchange: Exchange, isLast: boolean): void {
    if (this.exchange !== exchange) return;
    this.exchange = undefined;
    this.activeAt = Date.now();
    if (isLast) this.finish();
    else if (!this.output.isBlocked) this.goOn();
  }

  private goOn(): void {
    if (this.isReading) return;
    if (this.input.isEmpty) this.readKept();
    else this.waitForTurn();
  }

  /** Nothing more is read; what is written goes out, then the connection ends. */
  private finish(): void {
    this.isEnding = true;
    this.input.take();
    if (this.output.isBlocked || this.isClosed) return;
    this.activeAt = Date.now();
    this.input.resume();
    // To close with bytes unread would reset the connection, and what was sent with it (RFC 9112 section 9.6).
    if (this.hasEnded) this.socket.end();
    else this.socket.shutdown();
  }

  /** @returns that nothing behind it is content */
  private refuse(fault: HeadFault, text: string): 0 {
    const response = this.answers.refuse(fault, /\r\naccept:[ \t]*([^\r\n]*)/i.exec(text)?.[1] ?? null);
    this.output.send({ head: linesOf(fault.status, response.headers), more: CLOSE }, knownBody(response), Date.now());
    this.finish();
    return 0;
  }
}
