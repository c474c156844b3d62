import { BerthError } from "../model/errors.ts";
import { assertBranchName, assertCommit, parseSource } from "../model/source.ts";
import { type GitEnvironment, type GitResult, GitSession } from "./git.ts";
import { gitError, isUnadvertised } from "./git-errors.ts";
import { listTree, readBlobs } from "./git-objects.ts";
import { branchMissing, type GitTarget, lookAtRemote, type Remote } from "./git-remote.ts";
import { type FetchedSource, type FetchLimits, tooLarge } from "./source-tree.ts";

export interface FetchGitOptions {
  /** `url` may be an absolute path of this machine. Neither a branch nor a commit means the default branch. */
  source: GitTarget & { commit: string | null };
  temporaryDirectory: string;
  environment: GitEnvironment;
  limits: FetchLimits;
  signal: AbortSignal;
  onLog(text: string): void;
}

/** The one ref of the temporary repository. */
const REF = "refs/berth/source";

/**
 * Fetches one commit without history, tags, submodules or a checkout, and offers its files.
 *
 * @throws BerthError `source_unreachable`, `repository_not_found`, `branch_not_found`, `repository_empty`,
 * `commit_not_found`, `source_too_large`, `source_refused`, `source_invalid`; the signal's reason when it is aborted
 */
export async function fetchGit(options: FetchGitOptions): Promise<FetchedSource> {
  const { source, environment, temporaryDirectory, signal } = options;
  const { local } = assertSafe(source);
  signal.throwIfAborted();
  const git = await GitSession.open({ environment, temporaryDirectory, local });
  try {
    const { remote, commit } = await fetchInTime(git, options);
    const entries = await listTree(git, commit, options);
    const branch = source.branch ?? (commit === remote.head ? remote.defaultBranch : null);
    if (branch === null && source.commit === null) {
      options.onLog("Warning: HEAD is detached, so this deployment belongs to no branch and is a preview.");
    }
    return {
      kind: "git",
      branch,
      defaultBranch: remote.defaultBranch,
      commit,
      isDefaultBranch: branch !== null && branch === remote.defaultBranch,
      files: readBlobs(git, entries, options),
      close: () => git.close(),
    };
  } catch (error) {
    await git.close();
    throw error;
  }
}

/** Checked here as well as where they came in: what git is told must never be read as an option or a helper. */
function assertSafe({ url, branch, commit }: FetchGitOptions["source"]): { local: boolean } {
  if (branch !== null) assertBranchName(branch);
  if (commit !== null) assertCommit(commit);
  const local = url.startsWith("/");
  if (!local && parseSource(url).kind !== "git") {
    throw new BerthError("source_invalid", `'${url}' is neither a git URL nor an absolute path.`, {
      hint: "Give an https, http, ssh or git@host:path URL, or an absolute path.",
    });
  }
  return { local };
}

/** The part that waits for strangers: held to the time limit and to the size limit. */
async function fetchInTime(git: GitSession, options: FetchGitOptions): Promise<{ remote: Remote; commit: string }> {
  const { source, limits, signal } = options;
  const over = new AbortController();
  const timeout = AbortSignal.timeout(limits.wallMs);
  const bounded = AbortSignal.any([signal, timeout, over.signal]);
  const stopWatching = git.watchSize(limits.bytes, () => over.abort());
  try {
    const remote = await lookAtRemote(git, source, { signal: bounded });
    await git.init(remote.objectFormat);
    const commit = await fetchCommit(git, remote, { ...options, signal: bounded });
    bounded.throwIfAborted();
    return { remote, commit };
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

/** @returns the id of the commit, which the repository now holds */
async function fetchCommit(git: GitSession, remote: Remote, options: FetchGitOptions): Promise<string> {
  const { branch, commit } = options.source;
  const wanted = commit ?? (branch === null ? "HEAD" : `refs/heads/${branch}`);
  const first = await fetch(git, remote, { refspec: `+${wanted}:${REF}`, depth: 1, signal: options.signal });
  if (first.exit !== 0) {
    if (commit === null || !isUnadvertised(first.stderr)) {
      const gone = commit === null && branch !== null && isUnadvertised(first.stderr);
      throw gone ? await branchMissing(git, remote, options) : gitError(first.stderr, remote);
    }
    options.onLog("The host gives out branches only; fetching their history to find the commit.");
    const heads = branch !== null && remote.branchHead !== null ? `refs/heads/${branch}` : "refs/heads/*";
    const target = heads.endsWith("*") ? "refs/berth/heads/*" : "refs/berth/heads/asked";
    const second = await fetch(git, remote, { refspec: `+${heads}:${target}`, signal: options.signal });
    if (second.exit !== 0) throw gitError(second.stderr, remote);
  }
  const { exit, stdout } = await git.runInRepository(
    ["rev-parse", "--verify", "--quiet", "--end-of-options", `${commit ?? REF}^{commit}`],
    options,
  );
  const found = stdout.trim();
  if (exit !== 0 || (commit !== null && found !== commit)) {
    throw new BerthError("commit_not_found", `The repository has no commit ${commit ?? wanted}.`, {
      hint: "Push the commit to a branch of the repository, and check the id with 'git rev-parse'.",
    });
  }
  return found;
}

function fetch(
  git: GitSession,
  { url }: Remote,
  { refspec, depth, signal }: { refspec: string; depth?: number; signal: AbortSignal },
): Promise<GitResult> {
  const flags = ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance"];
  if (depth !== undefined) flags.push(`--depth=${depth}`);
  return git.runInRepository(["fetch", ...flags, "--end-of-options", url, refspec], { signal });
}
