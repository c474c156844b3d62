import { findDeployment } from "../database/deployments.ts";
import { LOG_PAGE, readLogLines } from "../database/log-lines.ts";
import { isFinal, type LogLine } from "../model/deployment.ts";
import { BerthError } from "../model/errors.ts";
import { getLog } from "../store/deployments.ts";
import type { ApiParts } from "./parts.ts";
import { deploymentJson } from "./views.ts";

const KEEP_ALIVE_MS = 15_000;

/** Lines after `after`: from the database while the deployment runs, from the store once it is over. */
export async function readLog(
  parts: ApiParts,
  id: string,
  after: number,
): Promise<{ lines: LogLine[]; done: boolean }> {
  const view = await findDeployment(parts.database, id);
  const live = await readLogLines(parts.database, id, { after, limit: LOG_PAGE });
  if (!isFinal(view.status)) return { lines: live, done: false };
  const kept = (await getLog(parts.store, view.id))?.filter((line) => line.seq > after) ?? [];
  if (live.length === 0) return { lines: kept, done: true };
  const bySeq = new Map([...live, ...kept].map((line) => [line.seq, line]));
  return { lines: [...bySeq.values()].sort((a, b) => a.seq - b.seq), done: live.length < LOG_PAGE };
}

/**
 * Server-sent events (HTML standard, section 9.2): `line`, `deployment` at once and at every change, `end`.
 * A reader that comes back with Last-Event-ID goes on after that line.
 */
export function streamLog(parts: ApiParts, id: string, options: { after: number; signal: AbortSignal }): Response {
  let wake = Promise.withResolvers<void>();
  const unwatch = parts.database.watch(id, () => wake.resolve());
  const closed = new AbortController();
  const stopped = AbortSignal.any([options.signal, closed.signal]);
  stopped.addEventListener("abort", () => wake.resolve());
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (event: string, data: unknown, seq?: number) => {
        const id = seq === undefined ? "" : `id: ${seq}\n`;
        controller.enqueue(encoder.encode(`${id}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
      };
      const keepAlive = setInterval(() => controller.enqueue(encoder.encode(": still here\n\n")), KEEP_ALIVE_MS);
      try {
        await follow(parts, {
          id,
          after: options.after,
          stopped,
          send,
          nextChange: async () => {
            await Promise.race([wake.promise, Bun.sleep(2_000)]);
            wake = Promise.withResolvers<void>();
          },
        });
        if (!stopped.aborted) controller.close();
      } catch (error) {
        if (!stopped.aborted) {
          if (!(error instanceof BerthError)) parts.onFault(error, { deployment: id });
          controller.error(error);
        }
      } finally {
        clearInterval(keepAlive);
        unwatch();
      }
    },
    cancel: () => closed.abort(),
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    },
  });
}

interface Following {
  id: string;
  after: number;
  stopped: AbortSignal;
  send(event: string, data: unknown, seq?: number): void;
  nextChange(): Promise<void>;
}

async function follow(parts: ApiParts, { id, after, stopped, send, nextChange }: Following): Promise<void> {
  let lastSeq = after;
  let lastShown = "";
  while (!stopped.aborted) {
    const deployment = deploymentJson(await findDeployment(parts.database, id), parts.address);
    const isOver = isFinal(deployment.status);
    const shown = JSON.stringify(deployment);
    if (shown !== lastShown && !isOver) send("deployment", deployment);
    const { lines, done } = await readLog(parts, id, lastSeq);
    for (const line of lines) send("line", line, line.seq);
    lastSeq = lines.at(-1)?.seq ?? lastSeq;
    if (isOver && done) {
      send("deployment", deployment);
      send("end", {});
      return;
    }
    lastShown = shown;
    if (lines.length < LOG_PAGE && !isOver) await nextChange();
  }
}
