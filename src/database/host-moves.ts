import { sql } from "kysely";
import pg from "pg";
import type { PostgresConnection } from "../model/postgres.ts";
import type { Database } from "./postgres.ts";

/** Channel of `NOTIFY`; the payload is hostnames, joined by spaces. */
const CHANNEL = "berth_hosts";
/** PostgreSQL, NOTIFY: "must be specified as a simple string literal … shorter than 8000 bytes". */
const PAYLOAD_MAX_BYTES = 7_900;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
const CONNECT_MS = 5_000;
/** A connection that was cut without a word is found out by asking it. */
const HEARTBEAT_MS = 5_000;

/** Tells every request handler that listens that the pointers of these hosts have moved. @throws what the database throws */
export async function announceHosts({ query }: Database, hosts: readonly string[]): Promise<void> {
  for (const payload of payloadsOf(hosts)) await sql`select pg_notify(${CHANNEL}, ${payload})`.execute(query);
}

/** Hostnames are ASCII without spaces and at most 253 long. */
export function payloadsOf(hosts: readonly string[]): string[] {
  const payloads: string[] = [];
  for (const host of new Set(hosts)) {
    const last = payloads.at(-1);
    if (last !== undefined && last.length + 1 + host.length <= PAYLOAD_MAX_BYTES)
      payloads.push(`${payloads.pop()} ${host}`);
    else payloads.push(host);
  }
  return payloads;
}

export interface HostMovesListener {
  onMoved(hosts: string[]): void;
  /** Listening begins, or begins again: what moved before may have been missed. */
  onConnected(): void;
  /** Told once for each loss, not for every attempt in vain. */
  onFault(error: Error): void;
}

/**
 * Listens on a connection of its own, for as long as it is not closed: made in the background, made anew when lost,
 * with growing pauses. Nobody waits for it.
 */
export function listenForHostMoves(
  connection: PostgresConnection,
  listener: HostMovesListener,
): { close(): Promise<void> } {
  const subscription = new Subscription(connection, listener);
  try {
    subscription.open();
  } catch (error) {
    // A URL that can't be read stays so.
    listener.onFault(error as Error);
  }
  return subscription;
}

class Subscription {
  private client: pg.Client | undefined;
  private timer: Timer | undefined;
  private failures = 0;
  private closed = false;

  constructor(
    private readonly connection: PostgresConnection,
    private readonly listener: HostMovesListener,
  ) {}

  open(): void {
    const client = new pg.Client({
      ...this.connection,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: CONNECT_MS,
    });
    this.client = client;
    client.on("error", (error) => this.lose(client, error));
    client.on("end", () => this.lose(client, new Error("the connection ended")));
    client.on("notification", ({ payload }) => this.listener.onMoved((payload ?? "").split(" ")));
    this.listen(client).catch((error: Error) => this.lose(client, error));
  }

  private async listen(client: pg.Client): Promise<void> {
    await client.connect();
    await client.query(`listen ${CHANNEL}`);
    if (this.client !== client) return;
    this.failures = 0;
    this.listener.onConnected();
    this.timer = setInterval(() => {
      client.query("select 1").catch((error: Error) => this.lose(client, error));
    }, HEARTBEAT_MS);
  }

  private lose(client: pg.Client, error: Error): void {
    if (this.client !== client) return;
    this.client = undefined;
    clearInterval(this.timer);
    client.end().catch(() => undefined);
    if (this.closed) return;
    if (this.failures === 0) this.listener.onFault(error);
    const longestMs = Math.min(FIRST_WAIT_MS * 2 ** this.failures, LONGEST_WAIT_MS);
    this.failures += 1;
    this.timer = setTimeout(() => this.open(), longestMs * (0.5 + Math.random() / 2));
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    const client = this.client;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }
}
