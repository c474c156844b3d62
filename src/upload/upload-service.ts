import { lastSourceTree } from "../database/deployments.ts";
import { findProject, rememberProductionBranch } from "../database/projects.ts";
import type { Sha256 } from "../model/ids.ts";
import type { Source } from "../model/source.ts";
import { isFork } from "../model/trust.ts";
import type { JobQueue, JobWorker } from "../queue/job-queue.ts";
import { putSource } from "../store/deployments.ts";
import { getTree } from "../store/trees.ts";
import { type HeldDeployment, holdDeployment, type WorkParts } from "../work/held-deployment.ts";
import { supersedeOlder } from "../work/supersede.ts";
import { classifyPath } from "./classify-path.ts";
import { fetchGit } from "./fetch-git.ts";
import type { GitEnvironment } from "./git.ts";
import { readFolder } from "./read-folder.ts";
import { type FetchedSource, putSourceTree } from "./source-tree.ts";

export interface UploadParts extends WorkParts {
  queue: JobQueue;
  temporaryDirectory: string;
  git: GitEnvironment;
}

const LIMITS = { wallMs: 10 * 60_000, bytes: 4 * 1024 ** 3, files: 100_000 };

/** UPLOAD SERVICE: a deployment's id in; its source tree in the store and the id on the build queue out. */
export function startUploadService(parts: UploadParts, options: { concurrency: number }): Promise<JobWorker> {
  return parts.queue.work("upload", {
    concurrency: options.concurrency,
    onFault: (error) => parts.onFault(error, { queue: "upload" }),
    async handle(id, signal) {
      await holdDeployment(parts, { id, to: "uploading", signal }, (held) => upload(parts, held));
    },
  });
}

async function upload(parts: UploadParts, held: HeldDeployment): Promise<void> {
  const { view, log } = held;
  const cloneStart = performance.now();
  const wanted = view.source.kind === "folder" ? await classifyPath(view.source.path) : view.source;
  const fetched = await fetchSource(parts, held, wanted);
  try {
    const { branch, commit } = fetched;
    const cloneMs = Math.round(performance.now() - cloneStart);
    const source: Source = wanted.kind === "git" ? { ...wanted, branch, commit } : wanted;
    const fork = await isForkNow(parts, held, wanted);
    if (fork) log.say("clone", "Warning: this is another repository than the project's own: it gets no variables.");
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
    await putSource(parts.store, view.id, { version: 1, tree: put.tree, source, files: put.files, bytes: put.bytes });
    log.say("upload", `Stored ${put.files} files, ${put.bytes} bytes, ${put.newBytes} of them new.`);
    await log.flush();
    await held.advance({
      to: "queued",
      findings: {
        source_tree: put.tree,
        newBytes: put.newBytes,
        queued_at: new Date(),
        timings: { uploadMs: Math.round(performance.now() - uploadStart) },
      },
    });
    await parts.queue.add("build", view.id);
  } finally {
    await fetched.close();
  }
}

function fetchSource(parts: UploadParts, { log, signal }: HeldDeployment, wanted: Source): Promise<FetchedSource> {
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
    temporaryDirectory: parts.temporaryDirectory,
    environment: parts.git,
  });
}

/** What a path is, a repository or a plain folder, is known here first; of URLs the API has decided. */
async function isForkNow(parts: UploadParts, { view }: HeldDeployment, wanted: Source): Promise<boolean> {
  if (view.source.kind === "git") return view.fork;
  return isFork((await findProject(parts.database, view.project_name)).repository, wanted);
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
