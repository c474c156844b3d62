import { CONTENT_MAX_BYTES } from "../http1/content.ts";
import type { Http2Head } from "./request-head.ts";

interface ContentOptions {
  /** So many bytes of it were read, or will never be. */
  onRead(bytes: number): void;
  /** The client is to be told that its content is wanted. */
  onContinue(): void;
}

const NOTHING = new Uint8Array();

/** The content of one request, as it comes. What nobody asked for yet waits in one piece; the windows bound it. */
export class RequestContent {
  readonly stream: ReadableStream<Uint8Array>;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private isWanted = true;
  /** A reader waits, and nothing is there for it. */
  private isAsked = false;
  private isWhole = false;
  /** With room behind `waitingBytes`. */
  private waiting = NOTHING;
  private waitingBytes = 0;
  /** What is not yet given back to the windows. */
  private unreadBytes = 0;
  private totalBytes = 0;

  constructor(
    private readonly head: Http2Head,
    private readonly options: ContentOptions,
  ) {
    let expects = head.expectsContinue;
    const source: UnderlyingDefaultSource<Uint8Array> = {
      start: (controller) => {
        this.controller = controller;
      },
      pull: () => {
        // Who expects to be told to go on is told so when the content is read, and not before.
        if (expects) options.onContinue();
        expects = false;
        this.isAsked = true;
        if (this.waitingBytes > 0) this.pass();
      },
      cancel: () => {
        this.isWanted = false;
        this.waiting = NOTHING;
        this.giveBack();
      },
    };
    // Nothing is asked for ahead of a reader: what was asked for counts as read.
    this.stream = new ReadableStream(source, { highWaterMark: 0 });
  }

  /** Whether it is the client that has to go on. */
  get awaitsMore(): boolean {
    return !this.isWhole && (this.isAsked || !this.isWanted);
  }

  /** Takes a part of it. @param frameBytes what is given back once it was read */
  take(bytes: Uint8Array, frameBytes: number): "more" | "too-large" | "too-long" {
    this.totalBytes += bytes.length;
    if (this.totalBytes > (this.head.contentLength ?? Number.POSITIVE_INFINITY)) return "too-long";
    if (this.totalBytes > CONTENT_MAX_BYTES) return "too-large";
    this.unreadBytes += frameBytes;
    if (this.isWanted) this.keep(bytes);
    if (!this.isWanted || this.isAsked) this.pass();
    return "more";
  }

  /** All of it is there. @returns whether it is as long as was told */
  end(): boolean {
    const { contentLength } = this.head;
    if (contentLength !== undefined && contentLength !== this.totalBytes) return false;
    this.isWhole = true;
    if (this.waitingBytes === 0) this.pass();
    return true;
  }

  /** Nothing more comes. What is whole can still be read, and is in no window any more. */
  fail(reason: string): void {
    if (!this.isWhole) {
      if (this.isWanted) this.controller.error(new Error(reason));
      this.isWanted = false;
      this.waiting = NOTHING;
    }
    this.giveBack();
  }

  /** One piece, however small the parts are: each by itself would take many times its size. */
  private keep(bytes: Uint8Array): void {
    const neededBytes = this.waitingBytes + bytes.length;
    if (neededBytes > this.waiting.length) {
      const larger = new Uint8Array(Math.max(neededBytes, 2 * this.waiting.length));
      larger.set(this.waiting.subarray(0, this.waitingBytes));
      this.waiting = larger;
    }
    this.waiting.set(bytes, this.waitingBytes);
    this.waitingBytes = neededBytes;
  }

  /** Hands on what waits. */
  private pass(): void {
    if (this.isWanted && this.waitingBytes > 0) {
      const bytes = this.waiting.subarray(0, this.waitingBytes);
      this.waiting = NOTHING;
      this.waitingBytes = 0;
      // It may ask for more at once.
      this.isAsked = false;
      this.controller.enqueue(bytes);
    }
    if (this.isWanted && this.isWhole) {
      this.isWanted = false;
      this.controller.close();
    }
    this.giveBack();
  }

  private giveBack(): void {
    const bytes = this.unreadBytes;
    this.unreadBytes = 0;
    if (bytes > 0) this.options.onRead(bytes);
  }
}
