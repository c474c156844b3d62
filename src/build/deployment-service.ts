import type { Findings } from "../database/deployments.ts";
import { findProject } from "../database/projects.ts";
import { BerthError } from "../model/errors.ts";
import type { Sha256 } from "../model/ids.ts";
import type { ProjectSettings } from "../model/project.ts";
import type { Tree } from "../model/tree.ts";
import { trustOf } from "../model/trust.ts";
import type { JobQueue, JobWorker } from "../queue/job-queue.ts";
import { waitForRoom } from "../sandbox/machine-load.ts";
import type { Sandbox, SlotFolders } from "../sandbox/sandbox.ts";
import { openToOwner } from "../sandbox/tools.ts";
import { getBlob, streamBlob } from "../store/blobs.ts";
import { getSource, type StoredSource } from "../store/deployments.ts";
import { getTree } from "../store/trees.ts";
import { type HeldDeployment, holdDeployment } from "../work/held-deployment.ts";
import type { SecretBox } from "../work/secrets.ts";
import { basePathWarning } from "./base-path.ts";
import { type BuildCache, type CacheParts, openBuildCache } from "./cache.ts";
import { chooseOutput, collectOutput, type OutputFile, type OutputLimits, withOutput } from "./collect.ts";
import { indexGitFolder, removeGitFolder, writeGitFolder } from "./git-folder.ts";
import { hostVariables } from "./host-variables.ts";
import { freeLockfile } from "./lockfile-hosts.ts";
import { materialise } from "./materialise.ts";
import { type BuildPlan, planBuild } from "./plan/plan.ts";
import { SourceFiles } from "./plan/source-files.ts";
import { publish } from "./publish.ts";
import { reuseEarlier } from "./reuse.ts";
import { readSourceRules, type SourceRules } from "./rules/read-rules.ts";
import { type BuildTools, runBuild, toolsFor } from "./run-build.ts";
import { envFileRefused, isEnvFile, type SecretScan, scanStoredFiles, secretScan } from "./secret-scan.ts";
import { assertSourceFits, sourceFault } from "./slot-space.ts";
import { startStrengthening } from "./strengthen.ts";
import type { ToolchainStore } from "./toolchain.ts";
import { filesBelow } from "./tree-files.ts";
import { type BuildVariables, variablesFor } from "./variables.ts";

export interface BuildParts extends CacheParts {
  queue: JobQueue;
  /** Opened by the first build, since most of it is of no use to plain sites. */
  sandbox(): Promise<Sandbox>;
  toolchains: ToolchainStore;
  /** What the values of variables are decrypted with. */
  secrets(): Promise<SecretBox>;
  outputLimits: OutputLimits;
}

/** DEPLOYMENT SERVICE: a deployment's id in; a built, published, reachable site out. */
export async function startDeploymentService(parts: BuildParts, options: { concurrency: number }): Promise<JobWorker> {
  // A slot is a set of folders and a uid of its own; each running build has one to itself.
  const freeSlots = Array.from({ length: options.concurrency }, (_, slot) => slot);
  const builds = await parts.queue.work("build", {
    concurrency: options.concurrency,
    onFault: (error) => parts.onFault(error, { queue: "build" }),
    async handle(id, signal) {
      const slot = freeSlots.pop();
      if (slot === undefined) throw new Error("more jobs than slots");
      try {
        await holdDeployment(parts, { id, to: "building", signal }, async (held) => {
          const buildsRunning = () => options.concurrency - freeSlots.length - 1;
          await deploy(parts, held, { slot, buildsRunning });
        });
      } finally {
        freeSlots.push(slot);
      }
    },
  });
  const strengthening = await startStrengthening(parts, () => freeSlots.length < options.concurrency);
  return { close: async () => void (await Promise.all([builds.close(), strengthening.close()])) };
}

interface Place {
  slot: number;
  /** Others than this one. */
  buildsRunning(): number;
}

async function deploy(parts: BuildParts, held: HeldDeployment, place: Place): Promise<void> {
  const { view, log } = held;
  const queueMs = view.queued_at === null ? 0 : Date.now() - view.queued_at.getTime();
  const { settings } = await findProject(parts.database, view.project_name);
  const variables = await variablesFor(parts, view);
  log.hide(variables.secrets.map(({ value }) => value));
  const source = await readSource(parts, held);
  const plan = await planBuild({
    tree: source.tree,
    readFile: source.readFile,
    settings: withRoot(settings, view.root),
    production: view.production,
    branch: view.branch,
  });
  for (const warning of plan.warnings) log.say("build", `Warning: ${warning}`);
  await held.advance({ findings: { timings: { queueMs: Math.max(0, queueMs) }, ...planFindings(plan) } });
  const scan = secretScan(variables.secrets);
  const sourceRules = await readSourceRules(new SourceFiles(source), plan.root);
  if (plan.kind === "static") return await publishSource(parts, held, { source, plan, settings, scan, sourceRules });
  // The first build opens it, while its tools are looked for; what goes wrong is met where it is used.
  parts.sandbox().catch(() => undefined);
  const toolchains = parts.toolchains.lend();
  try {
    const tools = await toolsFor(toolchains, plan);
    if (await reuseEarlier(parts, held, { source, settings, plan, tools, variables, sourceRules })) return;
    await buildInSandbox(parts, held, { ...place, source, plan, tools, settings, variables, scan, sourceRules });
  } finally {
    void toolchains.giveBack();
  }
}

interface StaticSite {
  source: ReadSource;
  plan: BuildPlan & { kind: "static" };
  settings: ProjectSettings;
  scan: SecretScan | undefined;
  sourceRules: SourceRules;
}

async function publishSource(
  parts: BuildParts,
  held: HeldDeployment,
  { source, plan, settings, scan, sourceRules }: StaticSite,
): Promise<void> {
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

interface BuiltSite extends Omit<StaticSite, "plan">, Place {
  plan: BuildPlan & { kind: "build" };
  tools: BuildTools;
  variables: BuildVariables;
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
      ...{ tools: tools.versions, variables, trust: trustOf(view) },
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
    const output = await chooseOutput(folders.work, plan, { startedAtMs });
    log.say("build", `Output: ${output.relative}`);
    await held.advance({ findings: { resolved: withOutput(plan, log.masked(output.relative)) } });
    const files = await collectOutput(output.directory, parts.outputLimits, site.scan);
    const outputWarnings = [...output.warnings, ...(await baseWarnings(files, plan))];
    for (const warning of outputWarnings) log.say("build", `Warning: ${warning}`);
    const warnings = [...plan.warnings, ...built.warnings, ...outputWarnings];
    await publish(parts, held, { files, settings: site.settings, warnings, sourceRules: site.sourceRules });
    await cache.save({ install: built.keptToLock });
  } finally {
    // The slot is free at once; that its space is given back is nothing to wait for.
    sandbox.clearSlot(slot).catch((error) => parts.onFault(error, { work: "clear a build slot" }));
  }
}

const INDEX_MAX_BYTES = 4 * 1024 ** 2;

async function baseWarnings(files: readonly OutputFile[], { framework }: BuildPlan): Promise<string[]> {
  const index = files.find(({ path }) => path === "index.html");
  if (index === undefined || index.size > INDEX_MAX_BYTES) return [];
  const text = new TextDecoder().decode(await index.bytes());
  const warning = basePathWarning({ text, paths: files.map(({ path }) => path), framework });
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
    await freeLockfile(work, plan, { readFile: source.readFile });
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

interface ReadSource extends Pick<StoredSource, "source" | "git"> {
  hash: Sha256;
  tree: Tree;
  /** Text of a file; undefined for what is no file, or a very large one. */
  readFile(path: string): Promise<string | undefined>;
}

async function readSource(parts: BuildParts, { view }: HeldDeployment): Promise<ReadSource> {
  const stored = await getSource(parts.store, view.id);
  const tree = stored && (await getTree(parts.store, stored.tree));
  if (tree) return { ...stored, hash: stored.tree, tree, readFile: fileReader(parts, tree) };
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
