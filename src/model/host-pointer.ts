import type { DeploymentId } from "./ids.ts";

/**
 * What a hostname shows, stored as `hosts/<hostname>`: the only mutable object. A pointer moves to a higher
 * generation only, so a slow worker can't bring an older deployment back.
 */
export interface HostPointer {
  version: 1;
  deployment: DeploymentId;
  project: string;
  /** The deployment's branch; null for a plain folder. */
  branch: string | null;
  /** `building` and `failed` have no manifest yet: the request handler shows a page of its own. */
  state: "building" | "ready" | "failed";
  /** From one sequence of the database, drawn when a deployment is made and at every promotion or rollback. */
  generation: number;
  /** How often this host was written, counted by the compare-and-set: tells apart what shares a generation. */
  move?: number;
  /** ISO 8601, UTC. */
  updatedAt: string;
  /** What the host showed before, the newest first: pages loaded then still ask for their assets. */
  earlier?: EarlierDeployment[];
}

/**
 * What stands in the place of a removed pointer. The object stays, since stores have no conditional delete: a plain
 * one could take away the pointer that another worker wrote a moment before. Its generation keeps out workers of the
 * removed deployment that are late, and readers that see the pointer from before.
 */
export interface RemovedPointer {
  version: 1;
  removed: true;
  generation: number;
  move?: number;
}

export interface EarlierDeployment {
  deployment: DeploymentId;
  /** ISO 8601, UTC. */
  replacedAt: string;
}

/** Most that a pointer remembers; what of it is served, the settings of the request handler say. */
export const EARLIER_MAX = 20;
export const EARLIER_HOURS_MAX = 168;

/** Whether `read` is from before `known`: a late answer, or one from a replica that lags. */
export function isOlder(
  read: Pick<HostPointer, "generation" | "move">,
  known: Pick<HostPointer, "generation" | "move">,
): boolean {
  if (read.generation !== known.generation) return read.generation < known.generation;
  return (read.move ?? 0) < (known.move ?? 0);
}

/**
 * What a host remembers once it has moved from `now` to the deployment `next`: what was shown and is not any more, each
 * once, without those of more than a week ago.
 */
export function earlierAfter(
  now: Pick<HostPointer, "deployment" | "state" | "earlier">,
  next: Pick<HostPointer, "deployment" | "updatedAt">,
): EarlierDeployment[] {
  const isReplaced = now.state === "ready" && now.deployment !== next.deployment;
  const replaced = isReplaced ? [{ deployment: now.deployment, replacedAt: next.updatedAt }] : [];
  const oldest = Date.parse(next.updatedAt) - EARLIER_HOURS_MAX * 3_600_000;
  const seen = new Set<string>([next.deployment]);
  return [...replaced, ...(now.earlier ?? [])]
    .filter(({ deployment, replacedAt }) => {
      const isKept = !seen.has(deployment) && Date.parse(replacedAt) >= oldest;
      seen.add(deployment);
      return isKept;
    })
    .slice(0, EARLIER_MAX);
}
