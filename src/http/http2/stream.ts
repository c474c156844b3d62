import type { RequestContent } from "./request-content.ts";
import { ReceiveWindow, SendWindow } from "./windows.ts";

interface StreamOptions {
  isHead: boolean;
  /** The request has content that is not there yet. */
  hasContent: boolean;
  sendBytes: number;
  receiveBytes: number;
}

/** One request that is not yet answered to its end. */
export class Stream {
  readonly abort = new AbortController();
  readonly sendWindow: SendWindow;
  readonly receiveWindow: ReceiveWindow;
  /** Whether the answer goes without its body. */
  readonly isHead: boolean;
  /** The other end has more of the request to send. */
  isOpen: boolean;
  /** As long as it is not all there. */
  content: RequestContent | undefined;
  /** The head of the response is on its way. */
  isAnswered = false;
  isClosed = false;
  /** Of the response's body: what goes out next. */
  pending: { bytes: Uint8Array; from: number; isLast: boolean } | undefined;
  private drained: PromiseWithResolvers<void> | undefined;

  constructor(
    readonly id: number,
    { isHead, hasContent, sendBytes, receiveBytes }: StreamOptions,
  ) {
    this.isHead = isHead;
    this.isOpen = hasContent;
    this.sendWindow = new SendWindow(sendBytes);
    this.receiveWindow = new ReceiveWindow(receiveBytes);
  }

  /** Resolves when nothing is pending any more, and when the stream is closed. */
  whenDrained(): Promise<void> | undefined {
    if (this.pending === undefined) return undefined;
    this.drained ??= Promise.withResolvers();
    return this.drained.promise;
  }

  /** What was pending is out, or never will be. */
  settle(): void {
    this.pending = undefined;
    this.drained?.resolve();
    this.drained = undefined;
  }

  /** Nobody waits for it any more. */
  close(): void {
    this.isClosed = true;
    this.content?.fail("The client is gone.");
    this.content = undefined;
    this.settle();
  }
}
