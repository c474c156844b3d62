/** What a connection is waiting for; times are milliseconds since 1970. */
export interface Standing {
  /** When something last came in or went out. */
  activeAt: number;
  /** When a head began of which not all is there. */
  headSince: number | undefined;
  /** The other end does not read what is there for it. */
  isBlocked: boolean;
  /** The last response is out. */
  isEnding: boolean;
  isAnswering: boolean;
  /** The other end sends no more: it waits for the response, or is gone. */
  hasEnded: boolean;
  /** Whether it is the client that has to go on with the request that is being answered. */
  awaitsContent: boolean;
}

/** A connection may be silent for so long between two requests, and within the content of one. */
const SILENCE_MS = 60_000;
/** From the first byte of a head to its last. */
const HEAD_MS = 30_000;
/** How long a response may keep an end waiting that sends no more: what is gone looks the same until it is written to. */
const HALF_CLOSED_MS = 15_000;
/** How long the other end may take to read the last response and close. */
const LINGER_MS = 5_000;

/** Whether the other end has kept this one waiting for too long. A response that takes its time is not its fault. */
export function isOverdue(standing: Standing, now: number): boolean {
  const { headSince, isBlocked, isEnding, isAnswering, hasEnded, awaitsContent } = standing;
  const silence = now - standing.activeAt;
  if (isBlocked) return silence > SILENCE_MS;
  if (isEnding) return silence > LINGER_MS;
  if (isAnswering) return (awaitsContent && silence > SILENCE_MS) || (hasEnded && silence > HALF_CLOSED_MS);
  return headSince === undefined ? silence > SILENCE_MS : now - headSince > HEAD_MS;
}
