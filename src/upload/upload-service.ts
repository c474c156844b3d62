import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { nanoid } from "nanoid";
import { lastSourceTree } from "../database/deployments.ts";
import { findProject, rememberProductionBranch } from "../database/projects.ts";
import { counted } from "../model/counted.ts";
import { stepMs } from "../model/deployment.ts";
import { BerthError } from "../model/errors.ts";
import type { Sha256 } from "../model/ids.ts";
import type { ProjectSettings } from "../model/project.ts";
import type { Source } from "../model/source.ts";
import { isFork } from "../model/trust.ts";
import type { JobQueue, JobWorker } from "../queue/job-queue.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { putMissingBlobs } from "../store/blobs.ts";
import { putSource, type StoredGit } from "../store/deployments.ts";
import { getTree } from "../store/trees.ts";
import { classifyPath } from "../work/classify-path.ts";
import { type HeldDeployment, holdDeployment, type WorkParts } from "../work/held-deployment.ts";
import { supersedeOlder } from "../work/supersede.ts";
import { fetchGit } from "./fetch-git.ts";
import type { GitEnvironment } from "./git.ts";
import { readFolder } from "./read-folder.ts";
import type { FetchWall } from "./remote-access.ts";
import { type FetchedSource, putSourceTree } from "./source-tree.ts";

export interface UploadParts extends WorkParts {
  queue: JobQueue;
  temporaryDirectory: string;
  git: GitEnvironment;
  /** Where strangers' repositories are fetched; undefined fetches without a wall, by the operator's word. */
  wall: UploadWall | undefined;
}

export interface UploadWall extends Pick<FetchWall, "privateAddresses" | "ownAddresses" | "resolve"> {
  /** Opened by the first fetch. */
  sandbox(): Promise<Sandbox>;
}

/** Slots of the sandbox above those of builds and of its self-test. */
const FIRST_SLOT = 65;

const HISTORY_MAX_BYTES = 256 * 1024 ** 2;
const LIMITS = { wallMs: 10 * 60_000, bytes: 4 * 1024 ** 3, files: 100_000 };

/** UPLOAD SERVICE: a deployment's id in; its source tree in the store and the id in line to be planned out. */
export function startUploadService(parts: UploadParts, options: { concurrency: number }): Promise<JobWorker> {
  const freeSlots = Array.from({ length: options.concurrency }, (_, index) => FIRST_SLOT + index);
  return parts.queue.work("upload", {
    concurrency: options.concurrency,
    onFault: (error) => parts.onFault(error, { queue: "upload" }),
    async handle(id, signal) {
      const slot = freeSlots.pop();
      if (slot === undefined) throw new Error("more jobs than slots");
      try {
        await holdDeployment(parts, { id, to: "uploading", signal }, (held) => upload(parts, held, slot));
      } finally {
        freeSlots.push(slot);
      }
    },
  });
}

async function upload(parts: UploadParts, held: HeldDeployment, slot: number): Promise<void> {
  const { view, log } = held;
  const cloneStart = performance.now();
  const wanted = view.source.kind === "folder" ? await classifyPath(view.source.path) : view.source;
  const { settings } = await findProject(parts.database, view.project_name);
  const fetched = await fetchSource(parts, held, { wanted, slot, settings });
  try {
    const { branch, commit } = fetched;
    const cloneMs = stepMs(performance.now() - cloneStart);
    const source: Source = wanted.kind === "git" ? { ...wanted, branch, commit } : wanted;
    const fork = await isForkNow(parts, held, { wanted, fetched });
    const production =
      view.production_asked ||
      wanted.kind === "folder" ||
      (!fork && (await isProductionBranch(parts, held, { wanted, fetched })));
    await held.advance({ findings: { source, branch, production, fork, timings: { cloneMs } } });
    await supersedeOlder(parts, { ...view, source, branch, fork });

    const uploadStart = performance.now();
    const known = await knownBlobs(parts, view.project_id);
    const put = await putSourceTree({
      store: parts.store,
      source: fetched,
      known,
      signal: held.signal,
      onLog: (text) => log.say("upload", text),
      limits: LIMITS,
      temporaryDirectory: parts.temporaryDirectory,
    });
    const git = await putHistory(parts, held, fetched);
    const { tree, files, bytes } = put;
    await putSource(parts.store, view.id, { version: 1, tree, source, files, bytes, ...(git && { git }) });
    log.say("upload", `Stored ${counted(files, "file")}, ${counted(bytes, "byte")}, ${put.newBytes} of them new.`);
    await log.flush();
    const contacted = [...(await fetched.close())];
    await held.advance({
      to: "queued",
      findings: {
        contacted,
        source_tree: put.tree,
        newBytes: put.newBytes,
        queued_at: new Date(),
        timings: { uploadMs: stepMs(performance.now() - uploadStart) },
      },
    });
    await parts.queue.add("plan", view.id);
  } finally {
    await fetched.close();
  }
}

interface Fetching {
  wanted: Source;
  slot: number;
  settings: ProjectSettings;
}

async function fetchSource(
  parts: UploadParts,
  { log, signal }: HeldDeployment,
  { wanted, slot, settings }: Fetching,
): Promise<FetchedSource> {
  const common = { signal, limits: LIMITS, onLog: (text: string) => log.say("clone", text) };
  if (wanted.kind === "folder") {
    log.say("clone", `Reading the folder ${wanted.path}`);
    return readFolder({ ...common, path: wanted.path });
  }
  const { url, branch, commit } = wanted;
  log.say(
    "clone",
    `Fetching ${url}${branch === null ? "" : `, branch ${branch}`}${commit === null ? "" : `, commit ${commit}`}`,
  );
  return fetchGit({
    ...common,
    source: { url, branch, commit },
    depth: settings.clone_depth === "full" ? "full" : Number(settings.clone_depth ?? 1),
    temporaryDirectory: parts.temporaryDirectory,
    environment: parts.git,
    wall: parts.wall && { ...parts.wall, slot, sandbox: await provenSandbox(parts.wall) },
  });
}

/** What a path is, a repository or a plain folder, is known here first; of URLs the API has decided. */
async function isForkNow(
  parts: UploadParts,
  { view, log }: HeldDeployment,
  { wanted, fetched }: { wanted: Source; fetched: FetchedSource },
): Promise<boolean> {
  const isOther =
    view.source.kind === "git"
      ? view.fork
      : isFork((await findProject(parts.database, view.project_name)).repository, wanted);
  if (!fetched.isOwn) {
    const where = fetched.branch === null ? "any branch" : `the branch '${fetched.branch}'`;
    log.say("clone", `Warning: the commit is not in the history of ${where}: like a fork's, it gets no variables.`);
  } else if (isOther) {
    log.say("clone", "Warning: this is another repository than the project's own: it gets no variables.");
  }
  return isOther || !fetched.isOwn;
}

/** @throws BerthError `sandbox_unavailable` or `missing_dependency`: nothing of strangers is fetched without the wall */
async function provenSandbox(wall: UploadWall): Promise<Sandbox> {
  const sandbox = await wall.sandbox();
  const refusal = await sandbox.selfTest();
  if (refusal) throw new BerthError(refusal.code, refusal.message, { hint: refusal.hint });
  return sandbox;
}

/** Stores what a build's git is to know. Too much of it is left out: the site builds without. */
async function putHistory(
  parts: UploadParts,
  { log, signal }: HeldDeployment,
  fetched: FetchedSource,
): Promise<StoredGit | undefined> {
  const history = await fetched.history?.();
  if (history === undefined) return undefined;
  const { pack, ...names } = history;
  await mkdir(parts.temporaryDirectory, { recursive: true });
  const path = join(parts.temporaryDirectory, `history-${nanoid(8)}`);
  try {
    const file = await open(path, "wx", 0o600);
    const hasher = new Bun.CryptoHasher("sha256");
    let size = 0;
    try {
      for await (const chunk of pack()) {
        signal.throwIfAborted();
        size += chunk.length;
        if (size > HISTORY_MAX_BYTES) {
          log.say("upload", "Warning: the history is too large for builds to have; a smaller clone_depth helps.");
          return undefined;
        }
        hasher.update(chunk);
        await file.writeFile(chunk);
      }
    } finally {
      await file.close();
    }
    const hash = hasher.digest("hex") as Sha256;
    await putMissingBlobs(parts.store, [{ hash, size, bytes: () => Bun.file(path) }], {
      known: new Set(),
      concurrency: 1,
    });
    return { ...names, pack: hash };
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * A setting decides; else the repository's default branch does. A work tree on this machine has no such thing but what
 * happens to be checked out: there the first deployment's branch stays.
 */
async function isProductionBranch(
  parts: UploadParts,
  { view }: HeldDeployment,
  { wanted, fetched }: { wanted: Source & { kind: "git" }; fetched: FetchedSource },
): Promise<boolean> {
  const project = await parts.database.query
    .selectFrom("projects")
    .select(["settings", "production_branch"])
    .where("id", "=", view.project_id)
    .executeTakeFirstOrThrow();
  const remembered = wanted.url.startsWith("/") ? project.production_branch : null;
  const branch = project.settings.production_branch ?? remembered ?? fetched.defaultBranch;
  if (branch !== null) await rememberProductionBranch(parts.database, view.project_id, branch);
  return fetched.branch !== null && fetched.branch === branch;
}

/** What the project's last source holds is in the store already: no need to ask for each of its files. */
async function knownBlobs({ database, store }: UploadParts, projectId: string): Promise<Set<Sha256>> {
  const hash = await lastSourceTree(database, projectId);
  const tree = hash === undefined ? undefined : await getTree(store, hash as Sha256);
  return new Set(tree?.entries.map((entry) => entry.hash));
}
