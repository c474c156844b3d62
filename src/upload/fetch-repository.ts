import { BerthError } from "../model/errors.ts";
import { gitError, isUnadvertised } from "./git-errors.ts";
import { branchMissing, type GitTarget, lookAtRemote, type Remote } from "./git-remote.ts";
import type { GitResult, GitSession } from "./git-session.ts";

/** Commits of history; the whole of it. */
export type CloneDepth = number | "full";

export interface FetchRepositoryOptions {
  /** Of the repository in the session. */
  name: string;
  target: GitTarget & { commit: string | null };
  depth: CloneDepth;
  /** Whether the tags that point into the history are wanted. */
  tags: boolean;
  signal: AbortSignal;
  onLog(text: string): void;
}

/** The one branch of the temporary repository. */
const REF = "refs/berth/source";

/**
 * Fetches one commit into a new repository of the session.
 * @throws BerthError as `fetchGit` does
 */
export async function fetchRepository(
  git: GitSession,
  options: FetchRepositoryOptions,
): Promise<{ remote: Remote; commit: string }> {
  const { name, target, signal } = options;
  const address = await git.reach(target.url, { name });
  const remote = await lookAtRemote(git, { ...target, address }, { signal });
  const flags = ["--quiet", "--bare", "--template=", `--object-format=${remote.objectFormat}`];
  const { exit, stderr } = await git.run(["init", ...flags, git.repository(name)], { signal });
  if (exit !== 0) throw new Error(`git init failed: ${stderr}`);
  return { remote, commit: await fetchCommit(git, remote, options) };
}

/** @returns the id of the commit, which the repository now holds */
async function fetchCommit(git: GitSession, remote: Remote, options: FetchRepositoryOptions): Promise<string> {
  const { branch, commit } = options.target;
  const wanted = commit ?? (branch === null ? "HEAD" : `refs/heads/${branch}`);
  const first = await fetch(git, remote, { ...options, refspec: `+${wanted}:${REF}` });
  if (first.exit !== 0) {
    if (commit === null || !isUnadvertised(first.stderr)) {
      const gone = commit === null && branch !== null && isUnadvertised(first.stderr);
      throw gone ? await branchMissing(git, remote, options) : gitError(first.stderr, options.target);
    }
    options.onLog("The host gives out branches only; fetching their history to find the commit.");
    const heads = branch !== null && remote.branchHead !== null ? `refs/heads/${branch}` : "refs/heads/*";
    const target = heads.endsWith("*") ? "refs/berth/heads/*" : "refs/berth/heads/asked";
    const second = await fetch(git, remote, { ...options, refspec: `+${heads}:${target}`, depth: "full" });
    if (second.exit !== 0) throw gitError(second.stderr, options.target);
  }
  const { exit, stdout } = await git.run(
    [
      ...[`--git-dir=${git.repository(options.name)}`, "rev-parse", "--verify", "--quiet"],
      ...["--end-of-options", `${commit ?? REF}^{commit}`],
    ],
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
  { address }: Remote,
  { name, refspec, depth, tags, signal }: FetchRepositoryOptions & { refspec: string },
): Promise<GitResult> {
  const flags = ["--quiet", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance"];
  // Left to itself, git takes the tags that point to what it fetches.
  if (!tags) flags.push("--no-tags");
  if (depth !== "full") flags.push(`--depth=${depth}`);
  const repository = `--git-dir=${git.repository(name)}`;
  return git.run([repository, "fetch", ...flags, "--end-of-options", address, refspec], { signal });
}
