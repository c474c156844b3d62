import type { Findings } from "../database/deployments.ts";
import type { Database } from "../database/postgres.ts";
import { findProject } from "../database/projects.ts";
import { stepMs } from "../model/deployment.ts";
import { BerthError } from "../model/errors.ts";
import type { Sha256 } from "../model/ids.ts";
import type { ProjectSettings } from "../model/project.ts";
import type { Tree } from "../model/tree.ts";
import { getBlob } from "../store/blobs.ts";
import { getSource, type StoredSource } from "../store/deployments.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { getTree } from "../store/trees.ts";
import type { HeldDeployment } from "../work/held-deployment.ts";
import type { SecretBox } from "../work/secrets.ts";
import { type BuildPlan, planBuild } from "./plan/plan.ts";
import { SourceFiles } from "./plan/source-files.ts";
import { assertUsable, readSourceRules, type SourceRules } from "./rules/read-rules.ts";
import { type SecretScan, secretScan } from "./secret-scan.ts";
import { type BuildVariables, variablesFor } from "./variables.ts";

export interface PrepareParts {
  database: Database;
  store: ObjectStore;
  /** What the values of variables are decrypted with. */
  secrets(): Promise<SecretBox>;
}

/** All that is known of a deployment before anything is done with it. */
export interface Prepared {
  source: ReadSource;
  plan: BuildPlan;
  settings: ProjectSettings;
  variables: BuildVariables;
  /** undefined when there is nothing to look for. */
  scan: SecretScan | undefined;
  sourceRules: SourceRules;
  /** How long it has stood in line. */
  queueMs: number;
}

export type PreparedSource = Prepared & { plan: BuildPlan & { kind: "static" } };
export type PreparedBuild = Prepared & { plan: BuildPlan & { kind: "build" } };

export interface ReadSource extends Pick<StoredSource, "source" | "git"> {
  hash: Sha256;
  tree: Tree;
  /** Text of a file; undefined for what is no file, or a very large one. */
  readFile(path: string): Promise<string | undefined>;
}

/**
 * Reads the source and decides what to do with it; from then on the log hides the project's secrets. Writes nothing.
 * @throws BerthError of what the source or its settings ask for and can't have
 */
export async function prepare(parts: PrepareParts, { view, log }: HeldDeployment): Promise<Prepared> {
  const queueMs = view.queued_at === null ? 0 : Math.max(0, Date.now() - view.queued_at.getTime());
  const { settings } = await findProject(parts.database, view.project_name);
  const variables = await variablesFor(parts, view);
  log.hide(variables.secrets.map(({ value }) => value));
  const source = await readSource(parts.store, view.id);
  const plan = await planBuild({
    tree: source.tree,
    readFile: source.readFile,
    settings: withRoot(settings, view.root),
    production: view.production,
    branch: view.branch,
  });
  const scan = secretScan(variables.secrets);
  const sourceRules = await readSourceRules(new SourceFiles(source), plan.root);
  // Where nothing is built, what stands in the output's own files is told in the same breath.
  if (plan.kind === "build") assertUsable(sourceRules, settings);
  return { source, plan, settings, variables, scan, sourceRules, queueMs };
}

/** Its turn has come: tells what it waited for and what is to be done. */
export async function begin(
  held: HeldDeployment,
  { plan, queueMs }: Pick<Prepared, "plan" | "queueMs">,
  findings: Findings = {},
): Promise<void> {
  for (const warning of plan.warnings) held.log.say("build", `Warning: ${warning}`);
  await held.advance({
    to: "building",
    findings: { timings: { queueMs: stepMs(queueMs) }, ...planFindings(plan), ...findings },
  });
}

function planFindings(plan: BuildPlan): Findings {
  const shared = { resolved: plan.resolved, warnings: plan.warnings, framework: plan.framework };
  return plan.kind === "static" ? shared : { ...shared, package_manager: plan.packageManager.name };
}

async function readSource(store: ObjectStore, id: HeldDeployment["view"]["id"]): Promise<ReadSource> {
  const stored = await getSource(store, id);
  const tree = stored && (await getTree(store, stored.tree));
  if (tree) return { ...stored, hash: stored.tree, tree, readFile: fileReader(store, tree) };
  throw new BerthError("corrupt_object", "The uploaded source is missing from the object store.", {
    hint: "Deploy again; if it happens again, check the object store.",
  });
}

function fileReader(store: ObjectStore, tree: Tree): (path: string) => Promise<string | undefined> {
  const byPath = new Map(tree.entries.map((entry) => [entry.path, entry]));
  return async (path) => {
    const entry = byPath.get(path);
    if (entry === undefined || entry.mode === "120000" || entry.size > 8 * 1024 * 1024) return undefined;
    return new TextDecoder().decode(await getBlob(store, entry.hash));
  };
}

/** `--root` of one deployment goes before the project's setting. */
function withRoot(settings: ProjectSettings, root: string | null): ProjectSettings {
  return root === null ? settings : { ...settings, root };
}
