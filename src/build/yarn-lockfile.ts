import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuildPlan } from "./plan/plan.ts";

/** A package of a registry: `https://host/[@scope/]name/-/file.tgz#hash`; what comes from elsewhere has another form. */
const RESOLVED = /^( {2}resolved "?)https?:\/\/[^/"\s]+\/((?:@[^/"\s]+\/)?[^/"@\s]+\/-\/[^/"\s]+)/gm;

/**
 * Yarn 1 writes URLs with the host of its own default registry into yarn.lock, and asks that host whatever registry is
 * configured. A path without a host is seen from the configured one, and the lockfile's hashes still hold.
 */
export function withoutHosts(lockfile: string): string {
  return lockfile.replace(RESOLVED, "$1$2");
}

/** Rewrites the lockfile in a work folder that no build has touched yet. */
export async function freeYarnLockfile(
  work: string,
  plan: BuildPlan & { kind: "build" },
  { readFile }: { readFile(path: string): Promise<string | undefined> },
): Promise<void> {
  if (plan.yarnLockfile === null) return;
  const text = await readFile(plan.yarnLockfile);
  if (text !== undefined) await writeFile(join(work, plan.yarnLockfile), withoutHosts(text));
}
