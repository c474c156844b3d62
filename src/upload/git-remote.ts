import { BerthError } from "../model/errors.ts";
import { gitError, isRedirect } from "./git-errors.ts";
import type { GitSession } from "./git-session.ts";

export interface GitTarget {
  url: string;
  branch: string | null;
}

/** What a repository says of itself before anything is fetched. */
export interface Remote {
  /** What git is told: the URL that answered, or where a local repository is seen. */
  address: string;
  /** The branch that HEAD names; null when it names none. */
  defaultBranch: string | null;
  /** Commit of HEAD. */
  head: string | null;
  /** Commit of the branch that was asked for. */
  branchHead: string | null;
  /** Commits at the end of the branch that was asked for; without one, of every branch that the answer names. */
  tips: readonly string[];
  objectFormat: "sha1" | "sha256";
}

const BRANCHES_SHOWN = 8;

/**
 * One round of `git ls-remote` for HEAD and the branch; for all branches where a commit is asked for without one.
 * @throws BerthError when the repository can't be read, is empty, or lacks the branch
 */
export async function lookAtRemote(
  git: GitSession,
  { url, address: first, branch, commit }: GitTarget & { address: string; commit: string | null },
  { signal }: { signal: AbortSignal },
): Promise<Remote> {
  const all = commit === null ? [] : ["refs/heads/*"];
  const refs = ["HEAD", ...(branch === null ? all : [`refs/heads/${branch}`])];
  const ask = (address: string) => git.run(["ls-remote", "--symref", "--end-of-options", address, ...refs], { signal });
  let address = first;
  let answer = await ask(address);
  if (answer.exit !== 0 && isRedirect(answer.stderr) && /^https?:/.test(url) && !/\.git\/?$/.test(url)) {
    // GitLab redirects the address that its pages show to the same one with `.git`.
    address = `${url.replace(/\/+$/, "")}.git`;
    const second = await ask(address);
    if (second.exit === 0) answer = second;
  }
  signal.throwIfAborted();
  if (answer.exit !== 0) throw gitError(answer.stderr, { url });
  const remote = readAnswer(answer.stdout, { address, branch });
  const missing = commit === null && (branch === null ? remote.head : remote.branchHead) === null;
  if (missing) throw await branchMissing(git, remote, { target: { url, branch }, signal });
  return remote;
}

function readAnswer(stdout: string, { address, branch }: { address: string; branch: string | null }): Remote {
  let defaultBranch: string | null = null;
  const ids = new Map<string, string>();
  for (const line of stdout.split("\n")) {
    const [value = "", ref = ""] = line.split("\t");
    if (ref === "HEAD" && value.startsWith("ref: refs/heads/")) defaultBranch = value.slice("ref: refs/heads/".length);
    // A pattern of ls-remote matches the end of a ref; only the whole one counts.
    else if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) ids.set(ref, value);
  }
  const head = ids.get("HEAD") ?? null;
  const branchHead = branch === null ? null : (ids.get(`refs/heads/${branch}`) ?? null);
  const heads = [...ids].flatMap(([ref, id]) => (ref === "HEAD" || ref.startsWith("refs/heads/") ? [id] : []));
  const tips = branch === null ? heads : branchHead === null ? [] : [branchHead];
  const long = (head ?? branchHead ?? heads[0])?.length === 64;
  return { address, defaultBranch, head, branchHead, tips, objectFormat: long ? "sha256" : "sha1" };
}

/** The error for a branch that is not there; it names those that are. */
export async function branchMissing(
  git: GitSession,
  { address }: Pick<Remote, "address">,
  { target: { url, branch }, signal }: { target: GitTarget; signal: AbortSignal },
): Promise<BerthError> {
  const { exit, stdout, stderr } = await git.run(["ls-remote", "--heads", "--end-of-options", address], { signal });
  if (exit !== 0) return gitError(stderr, { url });
  const branches = stdout
    .split("\n")
    .flatMap((line) => /\trefs\/heads\/([^\u0000-\u0020\u007f]+)$/.exec(line)?.[1] ?? []);
  if (branches.length === 0) {
    return new BerthError("repository_empty", "The repository has no commit.", {
      hint: "Commit and push something first.",
    });
  }
  const shown = branches.slice(0, BRANCHES_SHOWN).map((name) => name.slice(0, 100));
  const more = branches.length > shown.length ? ` and ${branches.length - shown.length} more` : "";
  const what =
    branch === null ? "The repository's HEAD names no branch that exists." : `There is no branch '${branch}'.`;
  return new BerthError("branch_not_found", what, { hint: `Choose one of its branches: ${shown.join(", ")}${more}.` });
}
