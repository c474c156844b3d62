import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildPlan } from "./plan/plan.ts";
import { withoutWithdrawn } from "./withdrawn-packages.ts";

/** A package of a registry: `https://host/[@scope/]name/-/file.tgz#hash`; what comes from elsewhere has another form. */
const RESOLVED = /^( {2}resolved "?)https?:\/\/[^/"\s]+\/((?:@[^/"\s]+\/)?[^/"@\s]+\/-\/[^/"\s]+)/gm;

/** The same in bun.lock, where a package's URL is the second of four: https://bun.com/docs/pm/lockfile */
const RESOLVED_BY_BUN =
  /^([ \t]*"[^"\n]+": \["[^"\n]+", ")https?:\/\/[^/"\s]+\/(?:@[^/"\s]+\/)?[^/"@\s]+\/-\/[^/"\s]+\.tgz(?=", \{)/gm;

/** The same in npm's lockfiles. */
const RESOLVED_BY_NPM = /("resolved":\s*")https?:\/\/[^/"\s]+\/(?=(?:@[^/"\s]+(?:\/|%2f))?[^/"@\s]+\/-\/[^/"\s]+")/gi;

/**
 * Yarn 1 and Bun write URLs with the host of the registry that was theirs into the lockfile, and ask that host whatever
 * registry is configured. A path without a host (Yarn), and an empty one (Bun), are seen from the configured one, and
 * the lockfile's hashes still hold. npm has a setting that puts the registry's host in the place of each, and in that
 * of git hosts, too, whose dependencies are then asked of the registry: its lockfile gets the registry's own name.
 * @param registry URL of the one that is configured, with a slash at its end
 */
export function withoutHosts(lockfile: string, registry: string): string {
  return lockfile
    .replace(RESOLVED, "$1$2")
    .replace(RESOLVED_BY_BUN, "$1")
    .replace(RESOLVED_BY_NPM, (_, before: string) => before + registry);
}

/** Rewrites the lockfile in a work folder that no build has touched yet. */
export async function freeLockfile(
  work: string,
  plan: BuildPlan & { kind: "build" },
  { readFile, registry }: { readFile(path: string): Promise<string | undefined>; registry: string },
): Promise<void> {
  if (plan.lockfileWithHosts === null) return;
  const text = await readFile(plan.lockfileWithHosts);
  if (text === undefined) return;
  await writeFile(join(work, plan.lockfileWithHosts), withoutHosts(withoutWithdrawn(text), registry));
}
