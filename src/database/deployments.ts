import { sql } from "kysely";
import type { ContactedHost } from "../model/contacted-host.ts";
import {
  type FinalStatus,
  type FirstStatus,
  isFinal,
  type Status,
  statesBefore,
  statesToTakeUp,
  type Timings,
  WARNINGS_MAX,
} from "../model/deployment.ts";
import { BerthError, type ErrorBody } from "../model/errors.ts";
import { type DeploymentId, isDeploymentId } from "../model/ids.ts";
import { jsonText } from "./json-text.ts";
import { CHANGES_CHANNEL, type Database } from "./postgres.ts";
import type { DeploymentRow, NewDeploymentRow, ProjectRow } from "./schema.ts";

/** A deployment with what its project adds to it. */
export type DeploymentView = DeploymentRow & {
  project_name: string;
  /** The project's host points to it. */
  in_production: boolean;
  /** It is the newest ready one of its branch. */
  heads_branch: boolean;
};

const UNFINISHED: Status[] = ["pending", "uploading", "queued", "building", "publishing"];

export async function insertDeployment(database: Database, row: NewDeploymentRow): Promise<DeploymentView> {
  await database.query.insertInto("deployments").values(row).execute();
  return await findDeployment(database, row.id);
}

export async function findDeployment(database: Database, id: string): Promise<DeploymentView> {
  const row = isDeploymentId(id)
    ? await views(database).where("deployments.id", "=", id).executeTakeFirst()
    : undefined;
  if (row) return row;
  throw new BerthError("deployment_not_found", `There is no deployment '${id}'.`, {
    hint: "List the deployments with 'berth ls'.",
  });
}

/** Newest first. */
export function listDeployments(
  database: Database,
  page: { projectId?: string; beforeGeneration?: string; limit: number },
): Promise<DeploymentView[]> {
  let select = views(database).orderBy("deployments.generation", "desc").limit(page.limit);
  if (page.projectId !== undefined) select = select.where("deployments.project_id", "=", page.projectId);
  if (page.beforeGeneration !== undefined) {
    select = select.where("deployments.generation", "<", page.beforeGeneration);
  }
  return select.execute();
}

export function listUnfinished(database: Database): Promise<DeploymentView[]> {
  return views(database).where("deployments.status", "in", UNFINISHED).orderBy("deployments.generation").execute();
}

/** What production shows, project by project. */
export async function listInProduction(database: Database): Promise<DeploymentView[]> {
  const promoted = await views(database).where("deployments.promoted_generation", "is not", null).execute();
  return promoted.filter((view) => view.in_production);
}

export function listEndedWithoutSite(database: Database, since: Date): Promise<DeploymentView[]> {
  return views(database)
    .where("deployments.status", "in", ["failed", "canceled", "superseded"])
    .where("deployments.finished_at", ">", since)
    .execute();
}

/** What production shows, and what it showed before: the two promoted last. */
export function lastPromoted(database: Database, projectId: string, limit = 2): Promise<DeploymentView[]> {
  return views(database)
    .where("deployments.project_id", "=", projectId)
    .where("deployments.promoted_generation", "is not", null)
    .orderBy("deployments.promoted_generation", "desc")
    .limit(limit)
    .execute();
}

/**
 * Takes a deployment up for work and fences out whoever had it before: the attempt's number goes up.
 * @returns undefined when its state does not allow it, so there is nothing to do
 */
export async function claimDeployment(
  database: Database,
  id: string,
  to: FirstStatus,
): Promise<DeploymentView | undefined> {
  const row = await database.query
    .updateTable("deployments")
    .set({ status: to, attempt: sql`attempt + 1` })
    .where("id", "=", id as DeploymentId)
    .where("status", "in", statesToTakeUp(to))
    .returning("id")
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await announce(database, id);
  return await findDeployment(database, id);
}

/** Fields that the work finds out; every one is optional and leaves the others as they are. */
export interface Findings {
  source?: object;
  branch?: string | null;
  production?: boolean;
  fork?: boolean;
  source_tree?: string;
  build_key?: string;
  restored_preview?: boolean;
  framework?: string | null;
  package_manager?: string | null;
  node?: string | null;
  files?: number;
  bytes?: number;
  reused?: boolean;
  resolved?: object;
  warnings?: string[];
  contacted?: ContactedHost[];
  queued_at?: Date;
  /** Added to what is there. */
  timings?: Partial<Timings>;
  /** Added to what is there. */
  newBytes?: number;
}

/**
 * The one conditional UPDATE of a worker: moves the state (or keeps it, without `to`) and writes findings, if the
 * worker still holds the deployment.
 * @returns false when somebody else holds it now or it is final: the worker stops
 */
export async function advance(
  database: Database,
  held: { id: DeploymentId; attempt: number },
  change: { to?: Status; findings?: Findings; error?: ErrorBody },
): Promise<boolean> {
  const { source, resolved, warnings, contacted, timings, newBytes, ...plain } = change.findings ?? {};
  let update = database.query
    .updateTable("deployments")
    .set({
      ...plain,
      ...(source && { source: jsonText(source) }),
      ...(resolved && { resolved: jsonText(resolved) }),
      ...(warnings && { warnings: jsonText(warnings.slice(0, WARNINGS_MAX)) }),
      ...(contacted && { contacted: jsonText(contacted) }),
      ...(timings && { timings: sql<string>`timings || ${jsonText(timings)}::jsonb` }),
      ...(newBytes !== undefined && { new_bytes: sql<number>`new_bytes + ${newBytes}` }),
      ...(change.error && { error: jsonText(change.error) }),
      ...(change.to && { status: change.to }),
      ...(change.to && isFinal(change.to) && { finished_at: new Date() }),
      id: held.id,
    })
    .where("id", "=", held.id)
    .where("attempt", "=", held.attempt);
  update = update.where("status", "in", change.to ? statesBefore(change.to) : UNFINISHED);
  const { numUpdatedRows } = await update.executeTakeFirstOrThrow();
  if (numUpdatedRows > 0n) await announce(database, held.id);
  return numUpdatedRows > 0n;
}

/**
 * Makes `publish` and the move to `ready` one step: the row is locked while the host pointers move, so a cancellation
 * or a newer deployment comes either before both or after both. A crash between the two leaves `publishing`, and the
 * next attempt does the same moves again.
 * @returns false when somebody else holds the deployment or it is final; `publish` has not run then
 */
export async function publishUnderLock(
  database: Database,
  held: { id: DeploymentId; attempt: number },
  publish: () => Promise<{ findings: Findings; promoted: boolean }>,
): Promise<boolean> {
  return await database.query.transaction().execute(async (transaction) => {
    const row = await transaction
      .selectFrom("deployments")
      .select("id")
      .where("id", "=", held.id)
      .where("attempt", "=", held.attempt)
      .where("status", "=", "publishing")
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return false;
    const { findings, promoted } = await publish();
    const inside = { ...database, query: transaction };
    if (promoted) await notePromotion(inside, held.id);
    return await advance(inside, held, { to: "ready", findings });
  });
}

/** Ends a deployment from outside its worker: canceled, superseded, or failed by the reconciler. */
export async function endDeployment(
  database: Database,
  id: DeploymentId,
  end: { to: Exclude<FinalStatus, "ready">; error: ErrorBody },
): Promise<boolean> {
  const { numUpdatedRows } = await database.query
    .updateTable("deployments")
    .set({ status: end.to, error: jsonText(end.error), finished_at: new Date() })
    .where("id", "=", id)
    .where("status", "in", statesBefore(end.to))
    .executeTakeFirstOrThrow();
  if (numUpdatedRows > 0n) await announce(database, id);
  return numUpdatedRows > 0n;
}

/**
 * Unfinished deployments of the same project and branch that are older than this one: newest wins. Branches of a fork
 * are its own, whatever their names.
 */
export async function olderUnfinished(database: Database, newer: DeploymentView): Promise<DeploymentView[]> {
  const url = newer.source.kind === "git" ? newer.source.url : null;
  return await views(database)
    .where("deployments.fork", "=", newer.fork)
    .where(sql<boolean>`(not deployments.fork or deployments.source->>'url' = ${url})`)
    .where("deployments.project_id", "=", newer.project_id)
    .where(sql<boolean>`deployments.branch is not distinct from ${newer.branch}`)
    .where("deployments.status", "in", UNFINISHED)
    .where("deployments.generation", "<", newer.generation)
    .execute();
}

/** The newest ready deployment of this one's branch beside itself; a fork's branches are not the project's. */
export async function newestOfBranch(database: Database, view: DeploymentView): Promise<DeploymentView | undefined> {
  return await views(database)
    .where("deployments.project_id", "=", view.project_id)
    .where("deployments.branch", "=", view.branch)
    .where("deployments.fork", "=", false)
    .where("deployments.status", "=", "ready")
    .where("deployments.id", "!=", view.id)
    .orderBy("deployments.generation", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** Draws a generation for a promotion and notes it on the deployment. */
export async function drawPromotion({ query }: Database, id: DeploymentId): Promise<number> {
  const row = await query
    .updateTable("deployments")
    .set({ promoted_generation: sql`nextval('generations')` })
    .where("id", "=", id)
    .returning("promoted_generation")
    .executeTakeFirstOrThrow();
  return Number(row.promoted_generation);
}

/** Notes that a deployment went to production by itself, under the generation of its making. */
async function notePromotion({ query }: Database, id: DeploymentId): Promise<void> {
  await query.updateTable("deployments").set({ promoted_generation: sql`generation` }).where("id", "=", id).execute();
}

/** Forgets that it was in production, so that the next rollback does not come back to it. */
export async function withdrawPromotion({ query }: Database, id: DeploymentId): Promise<void> {
  await query.updateTable("deployments").set({ promoted_generation: null }).where("id", "=", id).execute();
}

export async function deleteDeployment({ query }: Database, id: DeploymentId): Promise<void> {
  await query.deleteFrom("deployments").where("id", "=", id).execute();
}

/** The source tree of the project's latest upload: its blobs are known to be in the store. */
export async function lastSourceTree({ query }: Database, project: ProjectRow["id"]): Promise<string | undefined> {
  const row = await query
    .selectFrom("deployments")
    .select("source_tree")
    .where("project_id", "=", project)
    .where("source_tree", "is not", null)
    .orderBy("generation", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.source_tree ?? undefined;
}

export async function announce({ query }: Database, id: string): Promise<void> {
  await sql`select pg_notify(${CHANGES_CHANNEL}, ${id})`.execute(query);
}

function views({ query }: Database) {
  return query
    .selectFrom("deployments")
    .innerJoin("projects", "projects.id", "deployments.project_id")
    .selectAll("deployments")
    .select("projects.name as project_name")
    .select(
      sql<boolean>`promoted_generation is not null and not exists (
        select from deployments as other where other.project_id = deployments.project_id
          and other.promoted_generation > deployments.promoted_generation)`.as("in_production"),
    )
    .select(
      sql<boolean>`status = 'ready' and branch is not null and not fork and not exists (
        select from deployments as other where other.project_id = deployments.project_id
          and other.branch = deployments.branch and other.status = 'ready' and not other.fork
          and other.generation > deployments.generation)`.as("heads_branch"),
    );
}
