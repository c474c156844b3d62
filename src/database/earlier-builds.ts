import type { Database } from "./postgres.ts";
import type { DeploymentRow, ProjectRow } from "./schema.ts";

/** Whether the project has a ready deployment that a build made of this very source. */
export async function hasReadyBuildOf(
  { query }: Database,
  { projectId, sourceTree }: { projectId: ProjectRow["id"]; sourceTree: string },
): Promise<boolean> {
  const row = await query
    .selectFrom("deployments")
    .select("id")
    .where("project_id", "=", projectId)
    .where("source_tree", "=", sourceTree)
    .where("build_key", "is not", null)
    .where("status", "=", "ready")
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The newest ready deployment of the project whose build has this key; for production one that took nothing from previews. */
export async function readyWithBuildKey(
  { query }: Database,
  { projectId, buildKey, production }: { projectId: ProjectRow["id"]; buildKey: string; production: boolean },
): Promise<Pick<DeploymentRow, "id" | "warnings" | "resolved" | "restored_preview"> | undefined> {
  return await query
    .selectFrom("deployments")
    .select(["id", "warnings", "resolved", "restored_preview"])
    .where("project_id", "=", projectId)
    .where("build_key", "=", buildKey)
    .where("status", "=", "ready")
    .where("restored_preview", "in", production ? [false] : [false, true])
    .orderBy("restored_preview")
    .orderBy("generation", "desc")
    .limit(1)
    .executeTakeFirst();
}
