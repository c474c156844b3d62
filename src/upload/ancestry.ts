import { gitError, isUnadvertised } from "./git-errors.ts";
import type { Remote } from "./git-remote.ts";
import type { GitSession } from "./git-session.ts";

interface AncestryOptions {
  source: { url: string };
  signal: AbortSignal;
  onLog(text: string): void;
}

/** Commits below each tip that are looked through before the whole history is asked for. */
const FIRST_DEPTH = 100;
/** Apart from the source's own repository, which stays shallow and whole. */
const NAME = "ancestry";
const TIPS = "refs/berth/tips";

/**
 * Whether a commit is in the history of a branch of the remote; of any branch where none is named. A branch's last
 * commit costs nothing. Of others the history is fetched, without trees and files where the remote can leave them out.
 * @throws BerthError when the remote can't be reached any more
 */
export async function isOfBranch(
  git: GitSession,
  remote: Remote,
  { branch, commit }: { branch: string | null; commit: string },
  options: AncestryOptions,
): Promise<boolean> {
  if (remote.tips.includes(commit)) return true;
  if (remote.tips.length === 0) return false;
  options.onLog("The commit is not the last of its branch; looking for it in the history.");
  const format = `--object-format=${remote.objectFormat}`;
  const made = await git.run(["init", "--quiet", "--bare", "--template=", format, git.repository(NAME)], options);
  if (made.exit !== 0) throw new Error(`git init failed: ${made.stderr}`);
  // By a name, as git keeps note of the remote that left something out, and takes no path for that.
  const repository = [`--git-dir=${git.repository(NAME)}`, "-c", `remote.origin.url=${remote.address}`];
  const refspec = branch === null ? `+refs/heads/*:${TIPS}/*` : `+refs/heads/${branch}:${TIPS}/asked`;
  const flags = ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance"];
  for (const depth of [`--depth=${FIRST_DEPTH}`, "--unshallow"]) {
    const shallow = await git.run([...repository, "rev-parse", "--is-shallow-repository"], options);
    // A history that is shorter than the first depth is whole.
    if (depth === "--unshallow" && shallow.stdout.trim() === "false") return false;
    const fetched = await git.run(
      [...repository, "fetch", ...flags, "--filter=tree:0", depth, "--end-of-options", "origin", refspec],
      options,
    );
    if (fetched.exit !== 0) {
      if (isUnadvertised(fetched.stderr)) return false;
      throw gitError(fetched.stderr, options.source);
    }
    if (await isReached(git, { repository, commit }, options)) return true;
  }
  return false;
}

/** No ref is named when the commit is unknown to the repository, or known and above all of them. */
async function isReached(
  git: GitSession,
  { repository, commit }: { repository: readonly string[]; commit: string },
  { signal }: AncestryOptions,
): Promise<boolean> {
  const listing = ["for-each-ref", "--count=1", "--format=%(refname)", `--contains=${commit}`, TIPS];
  const { exit, stdout } = await git.run([...repository, ...listing], { signal });
  return exit === 0 && stdout.trim() !== "";
}
