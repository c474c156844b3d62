import type { Findings } from "../database/deployments.ts";
import { findProject } from "../database/projects.ts";
import { BerthError } from "../model/errors.ts";
import type { Sha256 } from "../model/ids.ts";
import type { ProjectSettings } from "../model/project.ts";
import type { Tree } from "../model/tree.ts";
import type { JobQueue, JobWorker } from "../queue/job-queue.ts";
import type { RunLimits, Sandbox } from "../sandbox/sandbox.ts";
import { getBlob } from "../store/blobs.ts";
import { getSource } from "../store/deployments.ts";
import { getTree } from "../store/trees.ts";
import { type HeldDeployment, holdDeployment, type WorkParts } from "../work/held-deployment.ts";
import { chooseOutput, collectOutput, type OutputFile, type OutputLimits } from "./collect.ts";
import { materialise } from "./materialise.ts";
import { type BuildPlan, planBuild } from "./plan/plan.ts";
import { publish } from "./publish.ts";
import { reuseEarlier } from "./reuse.ts";
import { runBuild, toolsFor } from "./run-build.ts";
import type { Toolchains } from "./toolchain.ts";

export interface BuildParts extends WorkParts {
  queue: JobQueue;
  /** Opened by the first build, since most of it is of no use to plain sites. */
  sandbox(): Promise<Sandbox>;
  toolchains: Toolchains;
  limits: RunLimits;
  outputLimits: OutputLimits;
}

/** DEPLOYMENT SERVICE: a deployment's id in; a built, published, reachable site out. */
export function startDeploymentService(parts: BuildParts, options: { concurrency: number }): Promise<JobWorker> {
  // A slot is a set of folders and a uid of its own; each running build has one to itself.
  const freeSlots = Array.from({ length: options.concurrency }, (_, slot) => slot);
  return parts.queue.work("build", {
    concurrency: options.concurrency,
    onFault: (error) => parts.onFault(error, { queue: "build" }),
    async handle(id, signal) {
      const slot = freeSlots.pop();
      if (slot === undefined) throw new Error("more jobs than slots");
      try {
        await holdDeployment(parts, { id, to: "building", signal }, (held) => deploy(parts, held, slot));
      } finally {
        freeSlots.push(slot);
      }
    },
  });
}

async function deploy(parts: BuildParts, held: HeldDeployment, slot: number): Promise<void> {
  const { view, log } = held;
  const queueMs = view.queued_at === null ? 0 : Date.now() - view.queued_at.getTime();
  const { settings } = await findProject(parts.database, view.project_name);
  const source = await readSource(parts, held);
  const { tree } = source;
  const plan = await planBuild({ tree, readFile: fileReader(parts, tree), settings: withRoot(settings, view.root) });
  for (const warning of plan.warnings) log.say("build", `Warning: ${warning}`);
  await held.advance({ findings: { timings: { queueMs: Math.max(0, queueMs) }, ...planFindings(plan) } });

  if (plan.kind === "static") {
    log.say(
      "build",
      plan.output === "."
        ? "No build: the files are served as they are."
        : `No build: the folder '${plan.output}' is served as it is.`,
    );
    await publish(parts, held, { files: filesOfTree(parts, tree, plan), settings, warnings: plan.warnings });
    return;
  }
  const tools = await toolsFor(parts.toolchains, plan);
  if (await reuseEarlier(parts, held, { tree: source.hash, settings, plan, tools })) return;
  const sandbox = await parts.sandbox();
  const refusal = await sandbox.selfTest();
  if (refusal) throw new BerthError(refusal.code, refusal.message, { hint: refusal.hint });
  try {
    const folders = await sandbox.prepareSlot(slot);
    await materialise({
      tree,
      directory: folders.work,
      readBlob: (hash) => getBlob(parts.store, hash),
      signal: held.signal,
    });
    await sandbox.handOver(slot);
    const startedAtMs = Date.now();
    const built = await runBuild({ ...parts, sandbox }, held, { plan, tools, slot });
    await held.advance({ findings: built.findings });
    const output = await chooseOutput(folders.work, plan, { startedAtMs });
    log.say("build", `Output: ${output.relative}`);
    const warnings = [...plan.warnings, ...output.warnings];
    await publish(parts, held, {
      files: await collectOutput(output.directory, parts.outputLimits),
      settings,
      warnings,
    });
  } finally {
    // The slot is free at once; that its space is given back is nothing to wait for.
    sandbox.clearSlot(slot).catch((error) => parts.onFault(error, { work: "clear a build slot" }));
  }
}

async function readSource(parts: BuildParts, { view }: HeldDeployment): Promise<{ hash: Sha256; tree: Tree }> {
  const source = await getSource(parts.store, view.id);
  const tree = source && (await getTree(parts.store, source.tree));
  if (tree) return { hash: source.tree, tree };
  throw new BerthError("corrupt_object", "The uploaded source is missing from the object store.", {
    hint: "Deploy again; if it happens again, check the object store.",
  });
}

function fileReader(parts: BuildParts, tree: Tree): (path: string) => Promise<string | undefined> {
  const byPath = new Map(tree.entries.map((entry) => [entry.path, entry]));
  return async (path) => {
    const entry = byPath.get(path);
    if (entry === undefined || entry.mode === "120000" || entry.size > 8 * 1024 * 1024) return undefined;
    return new TextDecoder().decode(await getBlob(parts.store, entry.hash));
  };
}

/** `--root` of one deployment goes before the project's setting. */
function withRoot(settings: ProjectSettings, root: string | null): ProjectSettings {
  return root === null ? settings : { ...settings, root };
}

function planFindings(plan: BuildPlan): Findings {
  const shared = { resolved: plan.resolved, warnings: plan.warnings, framework: plan.framework };
  return plan.kind === "static" ? shared : { ...shared, package_manager: plan.packageManager.name };
}

/** The files of a source that needs no build: they are in the store already, so nothing is read but what is new. */
function filesOfTree(parts: BuildParts, tree: Tree, plan: BuildPlan & { kind: "static" }): OutputFile[] {
  const folder = [plan.root, plan.output].filter((part) => part !== ".").join("/");
  const prefix = folder === "" ? "" : `${folder}/`;
  return tree.entries
    .filter((entry) => entry.path.startsWith(prefix) && entry.mode !== "120000")
    .map((entry) => ({
      path: entry.path.slice(prefix.length),
      size: entry.size,
      hash: entry.hash,
      bytes: () => getBlob(parts.store, entry.hash),
    }));
}
