import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { BerthError } from "../model/errors.ts";
import type { PostgresConnection } from "../model/postgres.ts";
import { migrateToLatest } from "./migrations.ts";
import type { Schema } from "./schema.ts";

export interface Database {
  readonly query: Kysely<Schema>;
  /** Calls back at every change of the named deployment: a move of its state or new log lines. */
  watch(deploymentId: string, onChange: () => void): () => void;
  /** Resolves when the database answers; otherwise throws. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Channel of `NOTIFY`; the payload is the deployment's id. */
export const CHANGES_CHANNEL = "berth_changes";

/** @throws BerthError `database_unavailable` when it can't be reached or is newer than this program */
export async function openDatabase(connection: PostgresConnection, onFault: (error: Error) => void): Promise<Database> {
  const pool = new pg.Pool({ ...connection, max: 6, idleTimeoutMillis: 10_000, connectionTimeoutMillis: 10_000 });
  pool.on("error", onFault);
  surviveLostConnections(pool);
  const query = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  const check = async () => {
    await sql`select 1`.execute(query);
  };
  try {
    await check();
    await migrateToLatest(query);
  } catch (cause) {
    await query.destroy();
    throw unavailable(cause);
  }
  const changes = new ChangeListener(connection, onFault);
  return {
    query,
    check,
    watch: (id, onChange) => changes.watch(id, onChange),
    async close() {
      await changes.close();
      await query.destroy();
    },
  };
}

/**
 * A connection in use that breaks tells its query, and then emits an error that nobody else listens for: unheard, it
 * would end the process, with every site that it serves.
 */
function surviveLostConnections(pool: pg.Pool): void {
  pool.on("connect", (client) => client.on("error", () => undefined));
}

function unavailable(cause: unknown): BerthError {
  if (cause instanceof BerthError) return cause;
  const reason =
    cause instanceof Error && cause.message !== "" ? cause.message : String((cause as { code?: string }).code ?? cause);
  return new BerthError("setting_invalid", `BERTH_DATABASE: PostgreSQL can't be used: ${reason}.`, {
    hint: "Check that the server runs, that the URL names an existing database, and that its user may create tables there.",
    cause,
  });
}

/** SQLSTATEs of a server that ends, starts or takes no more connections (PostgreSQL, appendix A). */
const SERVER_IS_AWAY = /^(08...|57P0[1-5]|53300)$/;
const SOCKET_IS_AWAY = /^(ECONNREFUSED|ECONNRESET|ENOENT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|EPIPE|ETIMEDOUT)$/;
/** The driver's own words, which have no code. */
const DRIVER_IS_CUT_OFF = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered)/;

/** character_not_in_repertoire: its text holds no NUL, in whichever part of a request one came. */
const NO_TEXT = "22021";

/** disk_full: it reads, and writes nothing. */
const NO_SPACE = "53100";

/**
 * @returns what a caller is told when a query failed because the server was out of reach or of space, or because of the
 * caller's own words; undefined for other faults
 */
export function asDatabaseFault(thrown: unknown): BerthError | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const code = String((thrown as { code?: unknown }).code ?? "");
  if (code === NO_TEXT) {
    return new BerthError("bad_request", "The request holds a NUL character.", {
      hint: "Leave it out: no name and no text holds one.",
      cause: thrown,
    });
  }
  if (code === NO_SPACE) {
    return new BerthError("database_unavailable", "The database has no space left on its disk.", {
      hint: "Make room where it keeps its data: the data directory, or the server of BERTH_DATABASE.",
      cause: thrown,
    });
  }
  if (!SERVER_IS_AWAY.test(code) && !SOCKET_IS_AWAY.test(code) && !DRIVER_IS_CUT_OFF.test(thrown.message)) {
    return undefined;
  }
  return new BerthError("database_unavailable", "The database does not answer.", {
    hint: "Look whether the server of BERTH_DATABASE runs, then try again; sites are served meanwhile.",
    cause: thrown,
  });
}

/** One connection that listens for all deployments of this process; opened by the first watcher, reopened when lost. */
class ChangeListener {
  private readonly watchers = new Map<string, Set<() => void>>();
  private client: pg.Client | undefined;
  private retry: Timer | undefined;
  private closed = false;

  constructor(
    private readonly connection: PostgresConnection,
    private readonly onFault: (error: Error) => void,
  ) {}

  watch(id: string, onChange: () => void): () => void {
    const set = this.watchers.get(id) ?? new Set();
    this.watchers.set(id, set.add(onChange));
    if (this.client === undefined) void this.open();
    return () => {
      set.delete(onChange);
      if (set.size === 0 && this.watchers.get(id) === set) this.watchers.delete(id);
    };
  }

  private async open(): Promise<void> {
    const client = new pg.Client({ ...this.connection, keepAlive: true });
    this.client = client;
    client.on("error", (error) => this.lose(client, error));
    client.on("end", () => this.lose(client));
    client.on("notification", ({ payload }) => {
      for (const onChange of this.watchers.get(payload ?? "") ?? []) onChange();
    });
    try {
      await client.connect();
      await client.query(`listen ${CHANGES_CHANNEL}`);
      // What happened before the LISTEN, or while the connection was lost, was missed: let everybody look.
      for (const set of this.watchers.values()) for (const onChange of set) onChange();
    } catch (error) {
      this.lose(client, error as Error);
    }
  }

  private lose(client: pg.Client, error?: Error): void {
    if (this.client !== client || this.closed) return;
    if (error) this.onFault(error);
    this.client = undefined;
    client.end().catch(() => undefined);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      if (this.watchers.size > 0 && this.client === undefined && !this.closed) void this.open();
    }, 1000);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    await this.client?.end().catch(() => undefined);
  }
}
