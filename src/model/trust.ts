import type { Source } from "./source.ts";

/**
 * How far the code of a deployment is trusted with what the project holds. `fork`: its repository is not the project's
 * own, or its commit not of its branch, so strangers may have written it: no variables, nothing kept of what it writes.
 * `production`: it is meant for production; `preview`: the project's own, and not.
 */
export const TRUSTS = ["production", "preview", "fork"] as const;
export type Trust = (typeof TRUSTS)[number];

export function trustOf(deployment: { fork: boolean; production: boolean }): Trust {
  if (deployment.fork) return "fork";
  return deployment.production ? "production" : "preview";
}

/** A repository's URL or path in the form that two of them are compared in: without slashes or `.git` at its end. */
export function repositoryName(urlOrPath: string): string {
  return urlOrPath
    .replace(/\/+$/, "")
    .replace(/\.git$/, "")
    .replace(/(.)\/+$/, "$1");
}

/**
 * Whether a source is another repository than the project's own. A plain folder never is: whoever may name a folder of
 * the platform's machine is its operator.
 */
export function isFork(repository: string | null, source: Source): boolean {
  if (source.kind === "folder") return false;
  return repository === null || repositoryName(source.url) !== repositoryName(repository);
}
