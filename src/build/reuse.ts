import type { DeploymentView, Findings } from "../database/deployments.ts";
import { readyWithBuildKey } from "../database/earlier-builds.ts";
import type { Sha256 } from "../model/ids.ts";
import type { Manifest } from "../model/manifest.ts";
import type { ProjectSettings } from "../model/project.ts";
import type { Tree } from "../model/tree.ts";
import { trustOf } from "../model/trust.ts";
import { getManifest } from "../store/deployments.ts";
import type { HeldDeployment } from "../work/held-deployment.ts";
import { type BuildInputs, buildKey } from "./build-key.ts";
import type { BuildPlan } from "./plan/plan.ts";
import { type PublishParts, republish } from "./publish.ts";
import { readsContext } from "./reads-context.ts";
import type { SourceRules } from "./rules/read-rules.ts";
import type { BuildTools } from "./run-build.ts";
import type { BuildVariables } from "./variables.ts";

type Wanted = Pick<BuildInputs, "settings" | "plan"> & {
  source: { hash: Sha256; tree: Tree; readFile(path: string): Promise<string | undefined> };
  tools: BuildTools;
  variables: BuildVariables;
};

/** What an earlier build gave. */
interface Earlier extends Pick<DeploymentView, "id" | "warnings" | "resolved" | "restored_preview"> {
  manifest: Manifest;
}

/**
 * Looks for what an earlier build of the same key gave, if that deployment is still there and nobody asked for a build
 * all the same. What a preview's build made out of another preview's caches never goes to production this way.
 * @returns beside it what those that come after find this one by
 */
export async function findEarlier(
  parts: Pick<PublishParts, "database" | "store">,
  view: DeploymentView,
  { source, settings, plan, tools, variables }: Wanted,
): Promise<{ findings: Findings; earlier: Earlier | undefined }> {
  const key = buildKey({
    tree: source.hash,
    settings,
    plan,
    tools: tools.versions,
    variables: { install: variables.fingerprints.install, build: variables.fingerprints.build },
    secrets: variables.fingerprints.secrets,
    fork: trustOf(view) === "fork",
    context: (await readsContext(plan, source)) ? (view.production ? "production" : "preview") : null,
  });
  const findings = { build_key: key, node: tools.node.version };
  if (view.force) return { findings, earlier: undefined };
  const wanted = { projectId: view.project_id, buildKey: key, production: view.production };
  const row = await readyWithBuildKey(parts.database, wanted);
  const manifest = row && (await getManifest(parts.store, row.id));
  return { findings, earlier: row && manifest && { ...row, manifest } };
}

/** Publishes what an earlier build gave under this deployment's name. */
export async function publishEarlier(
  parts: PublishParts,
  held: HeldDeployment,
  site: { earlier: Earlier; plan: BuildPlan; settings: ProjectSettings; sourceRules: SourceRules },
): Promise<void> {
  const { earlier, plan, settings, sourceRules } = site;
  held.log.say(
    "build",
    `Nothing changed since ${earlier.id}: what it built is published again. 'berth deploy --force' builds.`,
  );
  const { output_directory } = earlier.resolved;
  if (output_directory) await held.advance({ findings: { resolved: { ...plan.resolved, output_directory } } });
  if (earlier.restored_preview) await held.advance({ findings: { restored_preview: true } });
  await republish(parts, held, { earlier: earlier.manifest, settings, warnings: earlier.warnings, sourceRules });
}
