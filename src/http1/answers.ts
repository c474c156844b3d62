import type { Connection } from "./connection.ts";
import type { HeadFault } from "./faults.ts";
import type { RequestHead } from "./request-head.ts";

/** An answer that is ready in memory. */
export interface QuickAnswer {
  status: number;
  /** Of the body; null where it has none. */
  encoding: string | null;
  /** As `headText` writes it, with the length of the content where there is one. */
  head: string;
  body: Uint8Array | undefined;
}

/** Answers a plain request, or gives undefined where that takes more. */
export type Quick = (head: RequestHead, client: { address: string | undefined }) => QuickAnswer | undefined;

export interface Answers {
  /** Asked first, for requests that are plain. */
  quick?: Quick;
  /** Never throws, and never rejects. */
  answer(request: Request): Response | Promise<Response>;
  /** For what is no request; `accept` as far as it can be read. With a known body and its length. */
  refuse(fault: HeadFault, accept: string | null): Response;
  /** Told of each request that is not answered quickly, before it is answered. */
  opened(request: Request, connection: Connection): void;
  /** Whether clients are to connect anew. */
  isLeaving(): boolean;
}
