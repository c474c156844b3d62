import { BerthError } from "../model/errors.ts";
import { assertBranchName, assertCommit, parseSource } from "../model/source.ts";
import { isOfBranch } from "./ancestry.ts";
import { RunEnded } from "./command-runner.ts";
import { type CloneDepth, fetchRepository } from "./fetch-repository.ts";
import type { GitEnvironment } from "./git.ts";
import { gitError } from "./git-errors.ts";
import { readHistory } from "./git-history.ts";
import { listTree, readBlobs, type SourcePart } from "./git-objects.ts";
import type { GitTarget } from "./git-remote.ts";
import { GitSession } from "./git-session.ts";
import { fetchLargeFiles } from "./large-files.ts";
import type { FetchWall } from "./remote-access.ts";
import { type FetchedSource, type FetchLimits, tooLarge } from "./source-tree.ts";
import { fetchSubmodules } from "./submodules.ts";

export interface FetchGitOptions {
  /** `url` may be an absolute path of this machine. Neither a branch nor a commit means the default branch. */
  source: GitTarget & { commit: string | null };
  /** How many commits of history a build sees. */
  depth: CloneDepth;
  temporaryDirectory: string;
  environment: GitEnvironment;
  /** undefined: git runs as the platform's own user, by the operator's word. */
  wall: FetchWall | undefined;
  limits: FetchLimits;
  signal: AbortSignal;
  onLog(text: string): void;
}

const NAME = "source";

/**
 * Fetches one commit without a checkout, its submodules and its large files, and offers their files.
 *
 * @throws BerthError `source_unreachable`, `source_private`, `repository_not_found`, `branch_not_found`,
 * `repository_empty`, `commit_not_found`, `submodule_failed`, `source_too_large`, `source_refused`, `source_invalid`,
 * `sandbox_unavailable`; the signal's reason when it is aborted
 */
export async function fetchGit(options: FetchGitOptions): Promise<FetchedSource> {
  const { source, signal, limits } = options;
  assertSafe(source);
  signal.throwIfAborted();
  const git = await GitSession.open(options);
  try {
    return await inTime(git, options, (bounded) => fetchAll(git, { ...options, signal: bounded }));
  } catch (error) {
    await git.close();
    signal.throwIfAborted();
    throw error instanceof RunEnded ? endedEarly(error, limits) : error;
  }
}

async function fetchAll(git: GitSession, options: FetchGitOptions): Promise<FetchedSource> {
  const { source, depth, onLog } = options;
  const { remote, commit } = await fetchRepository(git, { ...options, name: NAME, target: source, depth, tags: true });
  const isOwn = source.commit === null || (await isOfBranch(git, remote, { branch: source.branch, commit }, options));
  const { entries, links } = await listTree(git, { name: NAME, commit }, options);
  const branch = source.branch ?? (commit === remote.head ? remote.defaultBranch : null);
  if (branch === null && source.commit === null) {
    onLog("Warning: HEAD is detached, so this deployment belongs to no branch and is a preview.");
  }
  const history = { name: NAME, commit, branch, objectFormat: remote.objectFormat };
  const top = { name: NAME, url: source.url, commit, entries, links, prefix: "" };
  const large = new Map(await fetchLargeFiles(git, top, options));
  const onPart = async (part: SourcePart) => {
    for (const [object, file] of await fetchLargeFiles(git, part, options)) large.set(object, file);
  };
  const parts = [top, ...(await fetchSubmodules(git, top, { ...options, onPart }))];
  return {
    kind: "git",
    branch,
    defaultBranch: remote.defaultBranch,
    commit,
    isDefaultBranch: branch !== null && branch === remote.defaultBranch,
    isOwn,
    files: readBlobs(git, { parts, large }),
    history: () => readHistory(git, history),
    close: () => git.close(),
  };
}

/** Checked here as well as where they came in: what git is told must never be read as an option or a helper. */
function assertSafe({ url, branch, commit }: FetchGitOptions["source"]): void {
  if (branch !== null) assertBranchName(branch);
  if (commit !== null) assertCommit(commit);
  if (!url.startsWith("/") && parseSource(url).kind !== "git") {
    throw new BerthError("source_invalid", `'${url}' is neither a git URL nor an absolute path.`, {
      hint: "Give an https, http, ssh or git@host:path URL, or an absolute path.",
    });
  }
}

/** The part that waits for strangers: held to the time limit and to the size limit. */
async function inTime<T>(
  git: GitSession,
  { source, limits, signal }: FetchGitOptions,
  work: (bounded: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const timeout = AbortSignal.timeout(limits.wallMs);
  const bounded = AbortSignal.any([signal, timeout, over.signal]);
  const stopWatching = git.watchSize({ maxBytes: limits.bytes, onOver: () => over.abort() });
  try {
    const result = await work(bounded);
    bounded.throwIfAborted();
    return result;
  } catch (error) {
    signal.throwIfAborted();
    if (over.signal.aborted) throw tooLarge("bytes", limits);
    if (timeout.aborted) {
      throw gitError(`fatal: Operation timed out after ${Math.ceil(limits.wallMs / 1000)} s`, source);
    }
    throw error;
  } finally {
    stopWatching();
  }
}

function endedEarly({ reason, message }: RunEnded, limits: FetchLimits): BerthError {
  if (reason === "disk" || reason === "log") return tooLarge("bytes", limits);
  if (reason === "memory" || reason === "processes") {
    return new BerthError("source_too_large", "git went over its limit of memory or processes with this repository.", {
      hint: "Look for a file or a folder of extreme size in the repository; 'git fsck' and 'git count-objects -v' tell.",
    });
  }
  return new BerthError("sandbox_unavailable", `The fetch was ended from outside: ${message}`, {
    hint: "Deploy again; if it happens again, run 'berth doctor' on the platform's machine.",
  });
}
