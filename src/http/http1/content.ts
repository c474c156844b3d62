import type { Http1Head } from "./parse-head.ts";
import { type BodyReader, chunkedBody, sizedBody } from "./request-body.ts";

export const CONTENT_MAX_BYTES = 16 * 1024 * 1024;

interface ContentOptions {
  /** What comes next has somewhere to go: somebody waits for it, or nobody ever will. */
  onWanted(): void;
  /** The client is to be told that its content is wanted. */
  onContinue(): void;
}

/** The content of one request, as it comes. */
export class Content {
  readonly stream: ReadableStream<Uint8Array>;
  private readonly reader: BodyReader;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private isWanted = true;

  constructor({ bodyLength, expectsContinue }: Http1Head, options: ContentOptions) {
    this.reader = bodyLength === "chunked" ? chunkedBody(CONTENT_MAX_BYTES) : sizedBody(bodyLength);
    let expects = expectsContinue;
    const source: UnderlyingDefaultSource<Uint8Array> = {
      start: (controller) => {
        this.controller = controller;
      },
      pull: () => {
        if (expects) options.onContinue();
        expects = false;
        options.onWanted();
      },
      cancel: () => {
        this.isWanted = false;
        options.onWanted();
      },
    };
    // Who expects to be told to go on is told so when the content is read, and not before.
    this.stream = new ReadableStream(source, { highWaterMark: expects ? 0 : 1 });
  }

  /** Whether what comes next has to wait until somebody wants it. */
  get isFull(): boolean {
    return this.isWanted && (this.controller.desiredSize ?? 0) <= 0;
  }

  /** @returns how many of the bytes are its own, and what became of it by them */
  take(bytes: Uint8Array): { used: number; state: "more" | "done" | "malformed" | "too-large" } {
    const { used, parts, state } = this.reader.take(bytes);
    if (this.isWanted) {
      if (parts.length > 0) this.controller.enqueue(joined(parts));
      if (state === "done") this.controller.close();
      else if (state !== "more") this.fail("The request's content is not valid.");
    }
    return { used, state };
  }

  fail(reason: string): void {
    if (this.isWanted) this.controller.error(new Error(reason));
    this.isWanted = false;
  }
}

/** A copy of its own; one for all, however small the chunks were. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return first !== undefined && parts.length === 1 ? new Uint8Array(first) : new Uint8Array(Buffer.concat(parts));
}
