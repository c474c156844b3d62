import { sql } from "kysely";
import { BerthError } from "../model/errors.ts";
import { firstFreeName } from "../model/names.ts";
import type { ProjectSettings } from "../model/project.ts";
import type { Database } from "./postgres.ts";
import type { ProjectRow } from "./schema.ts";

export async function findProject({ query }: Database, name: string): Promise<ProjectRow> {
  // No name holds any other letter, and PostgreSQL's text holds no NUL.
  const isName = /^[a-z0-9-]+$/.test(name);
  const row = isName
    ? await query.selectFrom("projects").selectAll().where("name", "=", name).executeTakeFirst()
    : undefined;
  if (row) return row;
  throw new BerthError("project_not_found", `There is no project '${name}'.`, {
    hint: "List the projects with 'berth projects ls'.",
  });
}

export function listProjects({ query }: Database): Promise<ProjectRow[]> {
  return query.selectFrom("projects").selectAll().orderBy("name").execute();
}

/**
 * The project that a deployment goes to. A name that was given is taken as it is; a suggested one belongs to the
 * repository that took it first, and another repository of the same name gets the next free number.
 */
export async function findOrCreateProject(
  { query }: Database,
  wanted: { name: string; given: boolean; repository: string },
): Promise<ProjectRow> {
  if (!wanted.given) {
    const known = await query
      .selectFrom("projects")
      .selectAll()
      .where("repository", "=", wanted.repository)
      .orderBy("id")
      .executeTakeFirst();
    if (known) return known;
  }
  for (;;) {
    const names = await query.selectFrom("projects").select("name").execute();
    const taken = new Set(names.map(({ name }) => name));
    const name = wanted.given ? wanted.name : firstFreeName(wanted.name, (candidate) => taken.has(candidate));
    const made = await query
      .insertInto("projects")
      .values({ name, repository: wanted.repository, settings: "{}", production_branch: null })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .returningAll()
      .executeTakeFirst();
    if (made) return made;
    if (wanted.given) return await findProject({ query } as Database, name);
  }
}

/** A key with null is removed, the others are set. */
export async function changeProjectSettings(
  database: Database,
  name: string,
  change: { set: ProjectSettings; unset: readonly string[] },
): Promise<ProjectRow> {
  const row = await database.query
    .updateTable("projects")
    .set({
      settings: sql`(settings || ${JSON.stringify(change.set)}::jsonb) - ${sql.val([...change.unset])}::text[]`,
      updated_at: new Date(),
    })
    .where("name", "=", name)
    .returningAll()
    .executeTakeFirst();
  return row ?? (await findProject(database, name));
}

/** Makes another repository the project's own, for deployments from then on. */
export async function changeProjectRepository(database: Database, name: string, repository: string): Promise<void> {
  const { numUpdatedRows } = await database.query
    .updateTable("projects")
    .set({ repository, updated_at: new Date() })
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) await findProject(database, name);
}

/** What the upload found out: the repository's default branch is the production branch. */
export async function rememberProductionBranch({ query }: Database, projectId: string, branch: string): Promise<void> {
  await query
    .updateTable("projects")
    .set({ production_branch: branch })
    .where("id", "=", projectId)
    .where(sql<boolean>`production_branch is distinct from ${branch}`)
    .execute();
}

export async function deleteProject({ query }: Database, name: string): Promise<void> {
  await query.deleteFrom("projects").where("name", "=", name).execute();
}

export async function projectExists({ query }: Database, id: ProjectRow["id"]): Promise<boolean> {
  return (await query.selectFrom("projects").select("id").where("id", "=", id).executeTakeFirst()) !== undefined;
}
