import { sql } from "kysely";
import type { LogLine } from "../model/deployment.ts";
import type { DeploymentId } from "../model/ids.ts";
import { announce } from "./deployments.ts";
import type { Database } from "./postgres.ts";

/** Lines that are read at once. */
export const LOG_PAGE = 2_000;

/** Lines live here while the deployment runs; afterwards the store's `log.jsonl` holds them all. */
export async function insertLogLines(database: Database, id: DeploymentId, lines: readonly LogLine[]): Promise<void> {
  if (lines.length === 0) return;
  // unnest: one statement and six parameters, however many lines there are.
  const column = <T>(pick: (line: LogLine) => T) => sql.val(lines.map(pick));
  await sql`
    insert into log_lines (deployment_id, seq, at, step, stream, text)
    select ${id}, * from unnest(
      ${column((l) => l.seq)}::int[], ${column((l) => l.at)}::timestamptz[], ${column((l) => l.step)}::text[],
      ${column((l) => l.stream)}::text[], ${column((l) => l.text)}::text[])
    on conflict do nothing`.execute(database.query);
  await announce(database, id);
}

/**
 * All lines of a deployment in pages, as they are at one moment: whoever else moves them meanwhile takes none away
 * between two pages.
 */
export async function inLogPages<T>(
  database: Database,
  id: DeploymentId,
  use: (pages: AsyncGenerator<LogLine[]>) => Promise<T>,
): Promise<T> {
  const transaction = database.query.transaction().setIsolationLevel("repeatable read").setAccessMode("read only");
  return await transaction.execute(async (query) => await use(logPages({ query }, id)));
}

async function* logPages(database: Pick<Database, "query">, id: DeploymentId): AsyncGenerator<LogLine[]> {
  for (let after = 0; ; ) {
    const page = await readLogLines(database, id, { after, limit: LOG_PAGE });
    if (page.length === 0) return;
    yield page;
    after = page.at(-1)!.seq;
  }
}

export async function readLogLines(
  database: Pick<Database, "query">,
  id: string,
  page: { after: number; limit: number },
): Promise<LogLine[]> {
  const rows = await database.query
    .selectFrom("log_lines")
    .select(["seq", "at", "step", "stream", "text"])
    .where("deployment_id", "=", id as DeploymentId)
    .where("seq", ">", page.after)
    .orderBy("seq")
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

export async function lastLogSeq({ query }: Database, id: DeploymentId): Promise<number> {
  const row = await query
    .selectFrom("log_lines")
    .select(({ fn }) => fn.max("seq").as("last"))
    .where("deployment_id", "=", id)
    .executeTakeFirst();
  return row?.last ?? 0;
}

export async function deleteLogLines({ query }: Database, id: DeploymentId, last: number): Promise<void> {
  await query.deleteFrom("log_lines").where("deployment_id", "=", id).where("seq", "<=", last).execute();
}
