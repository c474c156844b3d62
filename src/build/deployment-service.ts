import { hasReadyBuildOf } from "../database/earlier-builds.ts";
import { BerthError } from "../model/errors.ts";
import type { Sha256 } from "../model/ids.ts";
import type { Tree } from "../model/tree.ts";
import { trustOf } from "../model/trust.ts";
import type { JobQueue, JobWorker } from "../queue/job-queue.ts";
import { waitForRoom } from "../sandbox/machine-load.ts";
import type { Sandbox, SlotFolders } from "../sandbox/sandbox.ts";
import { openToOwner } from "../sandbox/tools.ts";
import { getBlob, streamBlob } from "../store/blobs.ts";
import { type HeldDeployment, holdDeployment } from "../work/held-deployment.ts";
import { basePathWarning, INDEX_MAX_BYTES } from "./base-path.ts";
import { type BuildCache, type CacheParts, openBuildCache } from "./cache.ts";
import { chooseOutput, collectOutput, type OutputFile, type OutputLimits, withOutput } from "./collect.ts";
import { withErrorsOf } from "./explain-failure.ts";
import { indexGitFolder, removeGitFolder, writeGitFolder } from "./git-folder.ts";
import { hostVariables } from "./host-variables.ts";
import { freeLockfile } from "./lockfile-hosts.ts";
import { materialise } from "./materialise.ts";
import { placeNodeHeaders } from "./node-headers.ts";
import type { BuildPlan } from "./plan/plan.ts";
import { leaveNodeToPlatform } from "./pnpm-node.ts";
import { begin, type PreparedBuild, type PreparedSource, type PrepareParts, prepare } from "./prepare.ts";
import { publish } from "./publish.ts";
import { findEarlier, publishEarlier } from "./reuse.ts";
import { type BuildTools, runBuild, toolsFor } from "./run-build.ts";
import { envFileRefused, isEnvFile, scanStoredFiles } from "./secret-scan.ts";
import { assertSourceFits, sourceFault } from "./slot-space.ts";
import { startStrengthening } from "./strengthen.ts";
import type { ToolchainStore } from "./toolchain.ts";
import { filesBelow } from "./tree-files.ts";

export interface BuildParts extends CacheParts, PrepareParts {
  queue: JobQueue;
  /** Opened by the first build, since most of it is of no use to plain sites. */
  sandbox(): Promise<Sandbox>;
  toolchains: ToolchainStore;
  outputLimits: OutputLimits;
}

/**
 * How many deployments are planned, and published if they need no build, beside the builds. It takes moments, most of
 * them spent waiting for the store; two, so that a large one holds nobody up.
 */
const PLANNED_AT_ONCE = 2;

/** DEPLOYMENT SERVICE: a deployment's id in; a built, published, reachable site out. */
export async function startDeploymentService(parts: BuildParts, options: { concurrency: number }): Promise<JobWorker> {
  // A slot is a set of folders and a uid of its own; each running build has one to itself.
  const freeSlots = Array.from({ length: options.concurrency }, (_, slot) => slot);
  let planning = 0;
  const plans = await parts.queue.work("plan", {
    concurrency: PLANNED_AT_ONCE,
    onFault: (error) => parts.onFault(error, { queue: "plan" }),
    async handle(id, signal) {
      planning += 1;
      try {
        await planDeployment(parts, { id, signal, places: options.concurrency });
      } finally {
        planning -= 1;
      }
    },
  });
  const builds = await parts.queue.work("build", {
    concurrency: options.concurrency,
    onFault: (error) => parts.onFault(error, { queue: "build" }),
    async handle(id, signal) {
      const slot = freeSlots.pop();
      if (slot === undefined) throw new Error("more jobs than slots");
      try {
        await holdDeployment(parts, { id, to: "building", signal }, async (held) => {
          const buildsRunning = () => options.concurrency - freeSlots.length - 1;
          await buildDeployment(parts, held, { slot, buildsRunning });
        });
      } finally {
        freeSlots.push(slot);
      }
    },
  });
  const isBusy = () => planning > 0 || freeSlots.length < options.concurrency;
  const strengthening = await startStrengthening(parts, isBusy);
  const workers = [plans, builds, strengthening];
  return { close: async () => void (await Promise.all(workers.map((worker) => worker.close()))) };
}

/** Publishes what needs no build. Anything else goes in line for one, and stays `queued` until its turn. */
async function planDeployment(
  parts: BuildParts,
  { id, signal, places }: { id: string; signal: AbortSignal; places: number },
): Promise<void> {
  // It has been planned by somebody who could not say so any more; its build may be running by now.
  if (await parts.queue.has("build", id)) return;
  await holdDeployment(parts, { id, to: "queued", signal }, async (held) => {
    const site = await prepare(parts, held);
    const { plan } = site;
    if (plan.kind === "static") return await publishSource(parts, held, { ...site, plan });
    if (await tryReuse(parts, held, { ...site, plan })) return;
    const before = await parts.queue.depth("build");
    if (before >= places) held.log.say("queue", waitingLine(before));
    await parts.queue.add("build", id);
  });
}

/** @param before builds that run or wait */
const waitingLine = (before: number): string =>
  `Waiting for a place to build: ${before === 1 ? "one other build is" : `${before} other builds are`} before this one.`;

interface Place {
  slot: number;
  /** Others than this one. */
  buildsRunning(): number;
}

/** It is planned once more: settings may have changed meanwhile, and another build may have given what this one would. */
async function buildDeployment(parts: BuildParts, held: HeldDeployment, place: Place): Promise<void> {
  const prepared = await prepare(parts, held);
  const { plan } = prepared;
  if (plan.kind === "static") return await publishSource(parts, held, { ...prepared, plan });
  const site = { ...prepared, plan };
  await begin(held, site);
  // The first build opens it, while its tools are looked for; what goes wrong is met where it is used.
  parts.sandbox().catch(() => undefined);
  const toolchains = parts.toolchains.lend((name) =>
    held.log.say("install", `Fetching ${name} for this and later builds`),
  );
  try {
    const tools = await toolsFor(toolchains, plan);
    const { findings, earlier } = await findEarlier(parts, held.view, { ...site, tools });
    // Noted either way, for those that come after.
    await held.advance({ findings });
    if (earlier !== undefined) return await publishEarlier(parts, held, { ...site, earlier });
    await buildInSandbox(parts, held, { ...place, ...site, tools });
  } finally {
    void toolchains.giveBack();
  }
}

/** @returns false when it has to be built, with nothing said or written */
async function tryReuse(parts: BuildParts, held: HeldDeployment, site: PreparedBuild): Promise<boolean> {
  const { view } = held;
  // Tools may have to be fetched to know their versions: that is for those alone who may gain by it.
  const sameSource = { projectId: view.project_id, sourceTree: site.source.hash };
  if (view.force || !(await hasReadyBuildOf(parts.database, sameSource))) return false;
  const toolchains = parts.toolchains.lend();
  try {
    const tools = await toolsFor(toolchains, site.plan);
    const { findings, earlier } = await findEarlier(parts, view, { ...site, tools });
    if (earlier === undefined) return false;
    await begin(held, site, findings);
    await publishEarlier(parts, held, { ...site, earlier });
    return true;
  } finally {
    void toolchains.giveBack();
  }
}

async function publishSource(parts: BuildParts, held: HeldDeployment, site: PreparedSource): Promise<void> {
  const { source, plan, settings, scan, sourceRules } = site;
  await begin(held, site);
  const isWhole = plan.output === ".";
  held.log.say(
    "build",
    `No build: ${isWhole ? "the files are served as they are" : `the folder '${plan.output}' is served as it is`}.`,
  );
  const { files, warnings: left } = await filesOfTree(parts, source.tree, plan);
  const warnings = [...left, ...(await baseWarnings(files, plan))];
  for (const warning of warnings) held.log.say("build", `Warning: ${warning}`);
  if (scan !== undefined) await scanStoredFiles(parts.store, files, { scan, signal: held.signal });
  await publish(parts, held, { files, settings, warnings: [...plan.warnings, ...warnings], sourceRules });
}

interface BuiltSite extends PreparedBuild, Place {
  tools: BuildTools;
}

async function buildInSandbox(parts: BuildParts, held: HeldDeployment, site: BuiltSite): Promise<void> {
  const { view, log, signal } = held;
  const { slot, plan, source, tools, variables } = site;
  const sandbox = await parts.sandbox();
  const refusal = await sandbox.selfTest();
  if (refusal) throw new BerthError(refusal.code, refusal.message, { hint: refusal.hint });
  const say = (text: string) => log.say("build", text);
  await waitForRoom({ memoryBytes: parts.limits.memoryBytes, buildsRunning: site.buildsRunning, say, signal });
  try {
    const folders = await fillSlot(parts, held, { sandbox, site });
    const startedAtMs = Date.now();
    const cache = await openBuildCache(parts, held, {
      ...{ sandbox, slot, folders, plan, tree: source.tree, readFile: source.readFile },
      ...{ tools: tools.versions, variables: variables.fingerprints, trust: trustOf(view) },
    });
    const restoredMs = await restoreBeside(cache, indexGit(parts, held, { sandbox, site }));
    const { id, project_name: project, production } = view;
    const built = await runBuild({ ...parts, sandbox }, held, {
      ...{ plan, tools, slot, variables, cache, restoredMs },
      hostVariables: hostVariables({ id, project, source: source.source, production, address: parts.address }),
    });
    await held.advance({ findings: built.findings });
    await openToOwner(folders.work);
    await removeGitFolder(folders.work);
    const output = await chooseOutput(folders.work, plan, { startedAtMs }).catch((error: unknown) => {
      throw withErrorsOf(log.lastLines("build", 200), error);
    });
    log.say("build", `Output: ${output.relative}`);
    await held.advance({ findings: { resolved: withOutput(plan, log.masked(output.relative)) } });
    const files = await collectOutput(output.directory, parts.outputLimits, {
      ...{ scan: site.scan, howToWritePages: plan.outputHint, signal },
    });
    const outputWarnings = [...output.warnings, ...(await baseWarnings(files, plan))];
    for (const warning of outputWarnings) log.say("build", `Warning: ${warning}`);
    await publish(parts, held, {
      ...{ files, settings: site.settings, sourceRules: site.sourceRules, howToWritePages: plan.outputHint },
      warnings: [...plan.warnings, ...built.warnings, ...outputWarnings],
    });
    await cache.save({ install: built.keptToLock });
  } finally {
    // The slot is free at once; that its space is given back is nothing to wait for.
    sandbox.clearSlot(slot).catch((error) => parts.onFault(error, { work: "clear a build slot" }));
  }
}

async function baseWarnings(files: readonly OutputFile[], { framework }: BuildPlan): Promise<string[]> {
  const index = files.find(({ path }) => path === "index.html");
  if (index === undefined || index.size > INDEX_MAX_BYTES) return [];
  const text = new TextDecoder().decode(await index.bytes());
  const paths = new Set(files.map(({ path }) => path));
  const warning = basePathWarning({ text, has: (path) => paths.has(path), framework });
  return warning === undefined ? [] : [warning];
}

/** Writes the source into the slot, with what git is to know of its commit. */
async function fillSlot(
  parts: BuildParts,
  { signal }: HeldDeployment,
  { sandbox, site }: { sandbox: Sandbox; site: BuiltSite },
): Promise<SlotFolders> {
  const { slot, source, plan } = site;
  assertSourceFits(source.tree, parts.limits);
  const folders = await sandbox.prepareSlot(slot);
  const { work } = folders;
  const readBlob = (hash: Sha256) => getBlob(parts.store, hash);
  try {
    const streamed = (hash: Sha256) => streamBlob(parts.store, hash);
    await materialise({ tree: source.tree, directory: work, readBlob, streamBlob: streamed, signal });
    if (source.git) await writeGitFolder(work, source.git, await readBlob(source.git.pack));
    await freeLockfile(work, plan, { readFile: source.readFile, registry: sandbox.registry });
    await leaveNodeToPlatform(work, plan, source.readFile);
    await placeNodeHeaders(folders, site.tools.node, sandbox.tier.level > 0);
  } catch (error) {
    throw sourceFault(error, { ...parts.limits, hasVolume: sandbox.hasVolumes });
  }
  await sandbox.handOver(slot);
  return folders;
}

async function indexGit(
  { limits }: BuildParts,
  { log, signal }: HeldDeployment,
  { sandbox, site: { slot, source } }: { sandbox: Sandbox; site: BuiltSite },
): Promise<void> {
  const fault = source.git && (await indexGitFolder(sandbox, { slot, limits, signal }));
  if (fault) log.say("build", `Warning: git does not work in this build: ${fault}`);
}

/** An install comes back while git looks at the source's own files. Nothing runs in the slot any more when one fails. */
async function restoreBeside(cache: BuildCache, indexing: Promise<void>): Promise<number | undefined> {
  const [restored, indexed] = await Promise.allSettled([cache.restoreInstall(), indexing]);
  if (indexed.status === "rejected") throw indexed.reason;
  if (restored.status === "rejected") throw restored.reason;
  return restored.value;
}

/** The files of a source that needs no build: they are in the store already, so nothing is read but what is new. */
async function filesOfTree(
  parts: BuildParts,
  tree: Tree,
  plan: BuildPlan & { kind: "static" },
): Promise<{ files: OutputFile[]; warnings: string[] }> {
  const targets = new Map<string, string>();
  for (const { path, mode, hash } of tree.entries) {
    if (mode === "120000") targets.set(path, new TextDecoder().decode(await getBlob(parts.store, hash)));
  }
  const folder = [plan.root, plan.output].filter((part) => part !== ".").join("/") || ".";
  const { files, left } = filesBelow(tree, folder, targets);
  const envFile = files.find(({ path }) => isEnvFile(path.slice(path.lastIndexOf("/") + 1)));
  if (envFile !== undefined) throw envFileRefused(envFile.path);
  return {
    files: files.map(({ path, entry: { size, hash } }) => ({
      path,
      size,
      hash,
      bytes: () => getBlob(parts.store, hash),
    })),
    warnings: left.map((path) => `The link '${path}' leads out of the site, in circles or nowhere: it is left out.`),
  };
}
