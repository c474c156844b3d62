import type { Role } from "../model/settings.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { EdgeWorkers } from "./edge-workers.ts";
import type { Work } from "./start.ts";

const CHECK_MS = 3_000;

/** 200 when this process can do the work of its roles; 503 names the part that does not answer. */
export function healthCheck(
  parts: { store: ObjectStore; roles: readonly Role[]; workers: EdgeWorkers | undefined } & Partial<Work>,
): () => Promise<Response> {
  return async () => {
    const checks: Record<string, Promise<unknown>> = { store: parts.store.head("health") };
    if (parts.database) checks.database = parts.database.check();
    if (parts.queue) checks.queue = parts.queue.check();
    const failed: string[] = [];
    await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        const answered = await Promise.race([
          check.then(
            () => true,
            () => false,
          ),
          Bun.sleep(CHECK_MS).then(() => false),
        ]);
        if (!answered) failed.push(name);
      }),
    );
    const edgeWorkers = parts.workers?.health();
    if (edgeWorkers?.ready === 0) failed.push("edge workers");
    const body =
      failed.length === 0 ? { status: "ok", roles: parts.roles, edgeWorkers } : { status: "failing", failed };
    return Response.json(body, { status: failed.length === 0 ? 200 : 503, headers: { "cache-control": "no-store" } });
  };
}
