import type { AnswerHead } from "./answer-head.ts";
import type { Body } from "./body.ts";
import type { HeadFault } from "./faults.ts";
import type { RequestHead } from "./request-head.ts";

export type Scheme = "http" | "https";

/** What a client's connection tells of it. */
export interface Caller {
  scheme: Scheme;
  /** The other end's; undefined when the connection is closed. */
  readonly address: string | undefined;
}

/** An answer that is ready in memory. */
export interface QuickAnswer {
  head: AnswerHead;
  /** Of the body; null where it has none. */
  encoding: string | null;
  body: Body | undefined;
}

/** Answers a plain request, or gives undefined where that takes more. */
export type Quick = (head: RequestHead, caller: Caller) => QuickAnswer | undefined;

export interface Answers {
  /** Asked first, for requests that are plain. */
  quick?: Quick;
  /** Never throws, and never rejects. */
  answer(request: Request): Response | Promise<Response>;
  /** For what is no request; `accept` as far as it can be read. With a known body and its length. */
  refuse(fault: HeadFault, accept: string | null): Response;
  /** Told of each request that is not answered quickly, before it is answered. */
  opened(request: Request, caller: Caller): void;
  /** Whether clients are to connect anew. */
  isLeaving(): boolean;
}
