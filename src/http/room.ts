import type { Connection } from "./listen-http.ts";

/**
 * Who is in the way when there is no room for another connection: the other end has done nothing for so long, or has not
 * said all of a head. A connection that lacks no more than this of being overdue, that is.
 */
const LENIENCE_MS = 55_000;
/** Part of all that goes at a time, so that not every connection looks for another one. */
const GOING_PART = 1 / 20;
/** Where none was in the way, there will be none for so long. */
const LOOK_AGAIN_MS = 200;

/** Makes room among the connections of a listener. @returns whether there is any now */
export function roomMaker(connections: Set<Connection>, most: number): (now: number) => boolean {
  let fullUntil = 0;
  return (now) => {
    if (connections.size < most) return true;
    if (now < fullUntil) return false;
    let left = Math.ceil(most * GOING_PART);
    // In the order in which they came.
    for (const connection of connections) {
      if (!connection.isOverdue(now + LENIENCE_MS)) continue;
      connections.delete(connection);
      connection.cut();
      left -= 1;
      if (left === 0) break;
    }
    if (connections.size < most) return true;
    fullUntil = now + LOOK_AGAIN_MS;
    return false;
  };
}
