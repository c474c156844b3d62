import {
  advance,
  claimDeployment,
  type DeploymentView,
  type Findings,
  findDeployment,
} from "../database/deployments.ts";
import type { Database } from "../database/postgres.ts";
import { type FirstStatus, isFinal, type LogStep, type Status } from "../model/deployment.ts";
import { BerthError, toErrorBody } from "../model/errors.ts";
import type { SiteAddress } from "../model/site-hosts.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { pointToFailure } from "./host-pointers.ts";
import { archiveLog, DeploymentLog } from "./log.ts";

/** What a worker needs of the platform. */
export interface WorkParts {
  database: Database;
  store: ObjectStore;
  address: SiteAddress;
  /** Tells the request handlers, here and elsewhere, that these hosts have moved. Never rejects. */
  onHostsMoved(hosts: readonly string[]): Promise<void>;
  /** The platform's own log, for faults that are not the user's. */
  onFault(error: unknown, context: Record<string, string>): void;
}

/** How often a deployment is taken up before it is given up: three times at least, and each crash of the platform costs one. */
const ATTEMPTS_MAX = 7;

/** Thrown where a worker finds that the deployment is no longer its own; whoever took it does the rest. */
export class NoLongerHeld extends Error {}

/** A deployment in a worker's hands. */
export interface HeldDeployment {
  readonly view: DeploymentView;
  readonly log: DeploymentLog;
  /** Aborts when the deployment is canceled or superseded, another worker has it, or this one must stop. */
  readonly signal: AbortSignal;
  /** @throws NoLongerHeld */
  advance(change: { to?: Status; findings?: Findings }): Promise<void>;
}

/**
 * Claims a deployment, does `work` with it and sees to it that whatever happens is written down: a BerthError of the
 * user's making becomes the deployment's error; a fault of the platform is thrown on, so that the queue tries again.
 */
export async function holdDeployment(
  parts: WorkParts,
  job: { id: string; to: FirstStatus; signal: AbortSignal },
  work: (held: HeldDeployment) => Promise<void>,
): Promise<void> {
  const view = await claimDeployment(parts.database, job.id, job.to);
  if (view === undefined) return;
  const log = await DeploymentLog.open(parts.database, view.id);
  const abort = new AbortController();
  const key = { id: view.id, attempt: view.attempt };
  /** What was written where it was ended by another, canceled for one. */
  let end = null as DeploymentView["error"];
  const look = async () => {
    const now = await findDeployment(parts.database, view.id).catch(() => undefined);
    if (now !== undefined && now.attempt === view.attempt && isFinal(now.status)) end = now.error;
    if (now === undefined || isFinal(now.status) || now.attempt !== view.attempt) abort.abort(new NoLongerHeld());
  };
  const unwatch = parts.database.watch(view.id, () => void look());
  // Notifications can be lost with their connection: look now and then all the same.
  const poll = setInterval(() => void look(), 3_000);
  try {
    if (view.attempt > ATTEMPTS_MAX) throw interruptedTooOften();
    await work({
      view,
      log,
      signal: AbortSignal.any([abort.signal, job.signal]),
      async advance(change) {
        if (!(await advance(parts.database, key, change))) throw new NoLongerHeld();
      },
    });
    await log.flush();
  } catch (thrown) {
    if (thrown instanceof NoLongerHeld) await look();
    if (end !== null) log.say(stepOf(view, log), end.message);
    await settle(parts, { view, log, thrown, isLost: abort.signal.aborted, isStopping: job.signal.aborted });
  } finally {
    clearInterval(poll);
    unwatch();
    await finishUp(parts, view);
  }
}

/** Ends what failed; throws what is to be tried again. */
async function settle(
  parts: WorkParts,
  end: { view: DeploymentView; log: DeploymentLog; thrown: unknown; isLost: boolean; isStopping: boolean },
): Promise<void> {
  const { view, log, thrown } = end;
  // It may be gone by now, and its log with it.
  if (thrown instanceof NoLongerHeld || end.isLost) return await log.flush().catch(() => undefined);
  if (end.isStopping) {
    await log.flush();
    throw thrown;
  }
  const isLastAttempt = view.attempt >= ATTEMPTS_MAX;
  const isFinalFault = thrown instanceof BerthError && !RETRIED.has(thrown.code);
  if (!isFinalFault) parts.onFault(thrown, { deployment: view.id });
  if (!isFinalFault && !isLastAttempt) {
    log.say(stepOf(view, log), "Something went wrong inside the platform; trying again.");
    await log.flush();
    throw thrown;
  }
  const { code, message, hint } = toErrorBody(thrown);
  const error = { code, message: log.masked(message), hint: log.masked(hint) };
  log.say(stepOf(view, log), `Error: ${error.message}\n${error.hint}`);
  await log.flush();
  if (await advance(parts.database, { id: view.id, attempt: view.attempt }, { to: "failed", error })) {
    await pointToFailure(parts, view).catch((fault) => parts.onFault(fault, { deployment: view.id }));
  }
}

/** Faults of a service behind the platform: they may be over at the next attempt. A full store stays full. */
const RETRIED: ReadonlySet<string> = new Set([
  "store_unavailable",
  "database_unavailable",
  "queue_unavailable",
  "internal",
]);

/** The step that the end of the work belongs to: where it got to, or before its first line where it began. */
function stepOf({ status }: DeploymentView, { reached }: DeploymentLog): LogStep {
  return reached ?? (status === "pending" || status === "uploading" ? "upload" : "build");
}

function interruptedTooOften(): BerthError {
  return new BerthError(
    "interrupted",
    `The platform stopped ${ATTEMPTS_MAX} times while it worked on this deployment.`,
    {
      hint: "Look at the platform's own log for what stopped it (memory, most often), then deploy again.",
    },
  );
}

/** Once the deployment is final its log moves to the store; a reconciler does the same for those that nobody holds. */
async function finishUp(parts: WorkParts, view: DeploymentView): Promise<void> {
  try {
    const now = await findDeployment(parts.database, view.id);
    if (isFinal(now.status)) await archiveLog(parts, view.id);
  } catch (error) {
    if (!(error instanceof BerthError && error.code === "deployment_not_found")) {
      parts.onFault(error, { deployment: view.id });
    }
  }
}
