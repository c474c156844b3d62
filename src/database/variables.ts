import { sql } from "kysely";
import { BerthError } from "../model/errors.ts";
import { type Context, VARIABLES_MAX } from "../model/variables.ts";
import type { Database } from "./postgres.ts";
import type { NewVariableRow, VariableRow } from "./schema.ts";

/** By name, then context. */
export function listVariables({ query }: Database, projectId: string): Promise<VariableRow[]> {
  return query
    .selectFrom("variables")
    .selectAll()
    .where("project_id", "=", projectId)
    .orderBy("name")
    .orderBy("context")
    .execute();
}

/** Ids of all keys that stored values take: one, unless the key was lost and some values were set anew. */
export async function keysInUse({ query }: Database): Promise<string[]> {
  const rows = await query.selectFrom("variables").select("key_id").distinct().execute();
  return rows.map(({ key_id }) => key_id);
}

/**
 * Writes all of them or none; one of the same name and context is replaced.
 * @throws BerthError `variable_invalid` when the project would have too many
 */
export async function putVariables({ query }: Database, projectId: string, rows: NewVariableRow[]): Promise<void> {
  await query.transaction().execute(async (transaction) => {
    // One at a time for each project, or two could go past the limit together.
    await transaction.selectFrom("projects").select("id").where("id", "=", projectId).forUpdate().execute();
    for (const row of rows) {
      await transaction
        .insertInto("variables")
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(["project_id", "name", "context"]).doUpdateSet({
            secret: row.secret,
            install: row.install,
            key_id: row.key_id,
            sealed: row.sealed,
            updated_at: sql`now()`,
          }),
        )
        .execute();
    }
    const { count } = await transaction
      .selectFrom("variables")
      .select(({ fn }) => fn.countAll<string>().as("count"))
      .where("project_id", "=", projectId)
      .executeTakeFirstOrThrow();
    if (Number(count) > VARIABLES_MAX) {
      throw new BerthError("variable_invalid", `A project has at most ${VARIABLES_MAX} variables.`, {
        hint: "Remove some that are not used any more: berth env rm KEY",
      });
    }
  });
}

/**
 * Removes all of them or none: in one context, or without `context` wherever they are set.
 * @throws BerthError `variable_not_found` naming the first that is not there
 */
export async function deleteVariables(
  { query }: Database,
  projectId: string,
  { names, context }: { names: readonly string[]; context?: Context | undefined },
): Promise<void> {
  await query.transaction().execute(async (transaction) => {
    let deletion = transaction.deleteFrom("variables").where("project_id", "=", projectId).where("name", "in", names);
    if (context !== undefined) deletion = deletion.where("context", "=", context);
    const removed = new Set((await deletion.returning("name").execute()).map(({ name }) => name));
    const missing = names.find((name) => !removed.has(name));
    if (missing === undefined) return;
    const where = context === undefined ? "" : ` in the context '${context}'`;
    throw new BerthError("variable_not_found", `The project has no variable '${missing.slice(0, 128)}'${where}.`, {
      hint: "List them with 'berth env ls'.",
    });
  });
}
