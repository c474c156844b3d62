import type { HostPointer } from "./host-pointer.ts";
import type { RuleOrigin } from "./routes.ts";

/** A request that is imagined. */
export interface ExplainedRequest {
  /** Of a site, with its host; the port does not count. */
  url: string;
  method: string;
  headers: Record<string, string>;
}

/** One step on the way from a request to its answer, in the order in which they are taken. */
export interface ExplanationStep {
  step: "host" | "pointer" | "protection" | "deployment" | "rule" | "entry" | "encoding" | "headers" | "answer";
  text: string;
}

/** What answers a request, and why; `null` where the way ended before, or there is no such thing. */
export interface Explanation {
  request: { host: string; method: string; path: string; query: string; headers: Record<string, string> };
  steps: ExplanationStep[];
  pointer: HostPointer | null;
  /** The passwords and tokens of which one is asked for; null on an open host. */
  protection: { keys: { id: string; scope: string; kind: string }[]; isOpened: boolean } | null;
  rule: RuleOrigin | null;
  /** Header rules that change the answer. */
  headerRules: RuleOrigin[];
  /** The file that answers, by its path in the output. */
  entry: { path: string; sizeBytes: number } | null;
  encoding: string | null;
  /** What is sent, by its key in the object store. */
  blob: { key: string; hash: string; sizeBytes: number } | null;
  /** Where a proxying rewrite leads; nothing is asked of that server. */
  proxy: { url: string } | null;
  /** `status` is null where another server decides it. */
  answer: { status: number | null; headers: Record<string, string> };
  /** The same for somebody with a key, where `answer` is a refusal for lack of one. */
  behindProtection: { status: number | null; headers: Record<string, string> } | null;
}
