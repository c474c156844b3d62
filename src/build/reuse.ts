import { readyWithBuildKey } from "../database/deployments.ts";
import type { Sha256 } from "../model/ids.ts";
import type { Tree } from "../model/tree.ts";
import { trustOf } from "../model/trust.ts";
import { getManifest } from "../store/deployments.ts";
import type { HeldDeployment } from "../work/held-deployment.ts";
import { type BuildInputs, buildKey } from "./build-key.ts";
import { type PublishParts, republish } from "./publish.ts";
import { readsContext } from "./reads-context.ts";
import type { SourceRules } from "./rules/read-rules.ts";
import type { BuildTools } from "./run-build.ts";
import type { BuildVariables } from "./variables.ts";

type Wanted = Pick<BuildInputs, "settings" | "plan"> & {
  source: { hash: Sha256; tree: Tree; readFile(path: string): Promise<string | undefined> };
  tools: BuildTools;
  variables: BuildVariables;
  sourceRules: SourceRules;
};

/**
 * Publishes what an earlier build of the same key gave, if that deployment is still there and nobody asked for a build
 * all the same. What a preview's build made out of another preview's caches never goes to production this way. The key is noted either way, for those that come after.
 * @returns whether it is done with
 */
export async function reuseEarlier(
  parts: PublishParts,
  held: HeldDeployment,
  { source, settings, plan, tools, variables, sourceRules }: Wanted,
): Promise<boolean> {
  const { view, log } = held;
  const key = buildKey({
    tree: source.hash,
    settings,
    plan,
    tools: tools.versions,
    variables: { install: variables.install, build: variables.build },
    secrets: variables.secrets,
    fork: trustOf(view) === "fork",
    context: (await readsContext(plan, source)) ? (view.production ? "production" : "preview") : null,
  });
  await held.advance({ findings: { build_key: key, node: tools.node.version } });
  if (view.force) return false;
  const wanted = { projectId: view.project_id, buildKey: key, production: view.production };
  const earlier = await readyWithBuildKey(parts.database, wanted);
  const manifest = earlier && (await getManifest(parts.store, earlier.id));
  if (earlier === undefined || manifest === undefined) return false;
  log.say(
    "build",
    `Nothing changed since ${earlier.id}: what it built is published again. 'berth deploy --force' builds.`,
  );
  const { output_directory } = earlier.resolved;
  if (output_directory) await held.advance({ findings: { resolved: { ...plan.resolved, output_directory } } });
  if (earlier.restored_preview) await held.advance({ findings: { restored_preview: true } });
  await republish(parts, held, { earlier: manifest, settings, warnings: earlier.warnings, sourceRules });
  return true;
}
