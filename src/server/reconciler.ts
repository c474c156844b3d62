import { type DeploymentView, listUnfinished } from "../database/deployments.ts";
import type { Database } from "../database/postgres.ts";
import { deleteExpiredTokens } from "../database/tokens.ts";
import { FINAL_STATUSES } from "../model/deployment.ts";
import type { SiteAddress } from "../model/site-hosts.ts";
import type { JobKind, JobQueue } from "../queue/job-queue.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { mendPointers } from "../work/host-pointers.ts";
import { archiveLog } from "../work/log.ts";

const INTERVAL_MS = 10_000;

interface ReconcilerParts {
  database: Database;
  queue: JobQueue;
  store: ObjectStore;
  address: SiteAddress;
  onHostsMoved(hosts: readonly string[]): Promise<void>;
  onFault(error: unknown, context: Record<string, string>): void;
}

/**
 * The database says what is due; the queue may have lost it: a crash between the two writes, or a wiped Redis. Puts
 * such deployments in line again, at the start and from time to time. Adding is idempotent, so several processes may
 * do this side by side.
 */
export function startReconciler(parts: ReconcilerParts): { stop(): Promise<void> } {
  const onFault = (error: unknown) => parts.onFault(error, { work: "reconcile" });
  let running = mendPointers(parts).catch(onFault);
  const round = () => {
    running = running.then(() => reconcile(parts)).catch(onFault);
  };
  round();
  const timer = setInterval(round, INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

async function reconcile(parts: ReconcilerParts): Promise<void> {
  for (const view of await listUnfinished(parts.database)) {
    if (!(await isInLine(parts.queue, view))) await parts.queue.add(linesOf(view)[0], view.id);
  }
  for (const { id } of await finishedWithLogLines(parts.database)) await archiveLog(parts, id);
  await deleteExpiredTokens(parts.database);
}

async function isInLine(queue: JobQueue, view: DeploymentView): Promise<boolean> {
  for (const kind of linesOf(view)) if (await queue.has(kind, view.id)) return true;
  return false;
}

/** In the order in which a deployment comes to them: it stands in the next before it leaves the one before. */
function linesOf({ status }: DeploymentView): readonly [JobKind, ...JobKind[]] {
  return status === "pending" || status === "uploading" ? ["upload"] : ["plan", "build"];
}

/** Ended at least some seconds ago: whoever worked on them has written its last line. */
function finishedWithLogLines({ query }: Database) {
  return query
    .selectFrom("deployments")
    .select("id")
    .where("status", "in", [...FINAL_STATUSES])
    .where("finished_at", "<", new Date(Date.now() - 5_000))
    .where(({ exists, selectFrom }) =>
      exists(selectFrom("log_lines").select("seq").whereRef("log_lines.deployment_id", "=", "deployments.id")),
    )
    .limit(100)
    .execute();
}
