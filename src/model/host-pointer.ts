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
  /** ISO 8601, UTC. */
  updatedAt: string;
}
