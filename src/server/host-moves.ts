import { announceHosts, listenForHostMoves } from "../database/host-moves.ts";
import type { Database } from "../database/postgres.ts";
import type { PostgresConnection } from "../model/postgres.ts";
import type { Settings } from "../model/settings.ts";
import type { Handler } from "../serve/handler.ts";
import type { PlatformLog } from "./platform-log.ts";
import type { Releasers } from "./releasers.ts";

type Follower = Pick<Handler, "invalidate" | "invalidateAll">;

/** @returns what tells the request handler of this process at once, and those of others by the database */
export function hostsAnnouncer(
  database: Database,
  parts: { handler: Follower | undefined; onFault(error: unknown, context: Record<string, string>): void },
): (hosts: readonly string[]) => Promise<void> {
  return async (hosts) => {
    for (const host of hosts) parts.handler?.invalidate(host);
    // Whoever is not told looks by itself, a few seconds later.
    await announceHosts(database, hosts).catch((error) => parts.onFault(error, { work: "announce hosts" }));
  };
}

/**
 * Lets the handler hear of pointers that other processes move. A process that serves alone needs no database: where it
 * is told of one it listens there when it can, and serves all the same when it can't.
 */
export async function followHostMoves(
  parts: {
    settings: Settings;
    work: { connection: PostgresConnection } | undefined;
    releasers: Releasers;
    log: PlatformLog;
  },
  handler: Follower,
): Promise<void> {
  const { settings, work, releasers, log } = parts;
  if (work === undefined && settings.database === "embedded:") return;
  const listening = listenForHostMoves(work?.connection ?? { connectionString: settings.database }, {
    onMoved: (hosts) => hosts.forEach(handler.invalidate),
    onConnected: () => handler.invalidateAll(),
    onFault: (error) => log.fault(error, { part: "notifications of moved hosts" }),
  });
  releasers.add("notifications of moved hosts", () => listening.close());
}
