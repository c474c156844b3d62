import type { Deployment, LogLine } from "../model/deployment.ts";
import { BerthError } from "../model/errors.ts";
import { readServerEvents } from "./sse.ts";

export type DeploymentEvent = { kind: "line"; line: LogLine } | { kind: "deployment"; deployment: Deployment };

/** Connections in a row that bring no event before following is given up: some 40 seconds with the usual delays. */
const ATTEMPTS_MAX = 12;

interface FollowOptions {
  /** The last line that is known already. */
  after: number;
  signal?: AbortSignal;
  delayMs(attempt: number): number;
  /** @throws BerthError; `api_unreachable` and faults of the platform are tried again, others are not */
  open(after: number): Promise<ReadableStream<Uint8Array>>;
}

/** Reads a deployment's event stream to its `end`, connecting again behind the last line that came. */
export async function* followEvents({ after, signal, delayMs, open }: FollowOptions): AsyncGenerator<DeploymentEvent> {
  let last = after;
  let failure: unknown;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    if (attempt > 0) await Bun.sleep(delayMs(attempt - 1));
    try {
      for await (const { event, data } of readServerEvents(await open(last))) {
        attempt = 0;
        if (event === "end") return;
        const value: unknown = JSON.parse(data);
        if (event === "deployment") yield { kind: "deployment", deployment: value as Deployment };
        if (event !== "line") continue;
        const line = value as LogLine;
        if (line.seq <= last) continue;
        last = line.seq;
        yield { kind: "line", line };
      }
    } catch (thrown) {
      if (signal?.aborted || (thrown instanceof BerthError && !isPassing(thrown))) throw thrown;
      failure = thrown;
    }
  }
  if (failure instanceof BerthError) throw failure;
  throw new BerthError("api_unreachable", "The connection to the platform was lost while following the deployment.", {
    hint: "The deployment goes on without it; see 'berth ls'.",
    cause: failure,
  });
}

const isPassing = (error: BerthError): boolean => error.code === "api_unreachable" || error.status >= 500;
