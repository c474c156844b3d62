import { CONTENT_MAX_BYTES } from "../http1/content.ts";
import type { Http2Head } from "./request-head.ts";

interface ContentOptions {
  /** So many bytes of it were read, or will never be. */
  onRead(bytes: number): void;
  /** The client is to be told that its content is wanted. */
  onContinue(): void;
}

/** The content of one request, as it comes; the windows bound what waits here to be read. */
export class RequestContent {
  readonly stream: ReadableStream<Uint8Array>;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private isWanted = true;
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
        if (expects) options.onContinue();
        expects = false;
        this.giveBack();
      },
      cancel: () => {
        this.isWanted = false;
        this.giveBack();
      },
    };
    // Who expects to be told to go on is told so when the content is read, and not before.
    this.stream = new ReadableStream(source, { highWaterMark: expects ? 0 : 1 });
  }

  /** Takes a part of it. @param frameBytes what is given back once it was read */
  take(bytes: Uint8Array, frameBytes: number): "more" | "too-large" | "too-long" {
    this.totalBytes += bytes.length;
    if (this.totalBytes > (this.head.contentLength ?? Number.POSITIVE_INFINITY)) return "too-long";
    if (this.totalBytes > CONTENT_MAX_BYTES) return "too-large";
    this.unreadBytes += frameBytes;
    if (this.isWanted && bytes.length > 0) this.controller.enqueue(new Uint8Array(bytes));
    if (!this.isWanted || (this.controller.desiredSize ?? 0) > 0) this.giveBack();
    return "more";
  }

  /** All of it is there. @returns whether it is as long as was told */
  end(): boolean {
    const { contentLength } = this.head;
    if (contentLength !== undefined && contentLength !== this.totalBytes) return false;
    if (this.isWanted) this.controller.close();
    this.isWanted = false;
    return true;
  }

  fail(reason: string): void {
    if (this.isWanted) this.controller.error(new Error(reason));
    this.isWanted = false;
  }

  /** What is waiting was read, as the next part is asked for. */
  private giveBack(): void {
    const bytes = this.unreadBytes;
    this.unreadBytes = 0;
    if (bytes > 0) this.options.onRead(bytes);
  }
}
