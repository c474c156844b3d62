import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildPlan } from "./plan/plan.ts";

/** A package of a registry: `https://host/[@scope/]name/-/file.tgz#hash`; what comes from elsewhere has another form. */
const RESOLVED = /^( {2}resolved "?)https?:\/\/[^/"\s]+\/((?:@[^/"\s]+\/)?[^/"@\s]+\/-\/[^/"\s]+)/gm;

/** The same in bun.lock, where a package's URL is the second of four: https://bun.com/docs/pm/lockfile */
const RESOLVED_BY_BUN =
  /^([ \t]*"[^"\n]+": \["[^"\n]+", ")https?:\/\/[^/"\s]+\/(?:@[^/"\s]+\/)?[^/"@\s]+\/-\/[^/"\s]+\.tgz(?=", \{)/gm;

/**
 * Yarn 1 and Bun write URLs with the host of the registry that was theirs into the lockfile, and ask that host whatever
 * registry is configured. A path without a host (Yarn), and an empty one (Bun), are seen from the configured one, and
 * the lockfile's hashes still hold.
 */
export function withoutHosts(lockfile: string): string {
  return lockfile.replace(RESOLVED, "$1$2").replace(RESOLVED_BY_BUN, "$1");
}

/** Rewrites the lockfile in a work folder that no build has touched yet. */
export async function freeLockfile(
  work: string,
  plan: BuildPlan & { kind: "build" },
  { readFile }: { readFile(path: string): Promise<string | undefined> },
): Promise<void> {
  if (plan.lockfileWithHosts === null) return;
  const text = await readFile(plan.lockfileWithHosts);
  if (text !== undefined) await writeFile(join(work, plan.lockfileWithHosts), withoutHosts(text));
}
