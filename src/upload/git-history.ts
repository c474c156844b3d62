import type { RunningCommand } from "./command-runner.ts";
import { assertEnded } from "./git-objects.ts";
import type { GitSession } from "./git-session.ts";

/** What a build's git is to know of a commit: history and names, no file's content. */
export interface GitHistory {
  head: string;
  branch: string | null;
  objectFormat: "sha1" | "sha256";
  /** Names without `refs/tags/`, with the ids that they hold. */
  tags: Record<string, string>;
  /** Commits whose parents are left out. */
  shallow: string[];
  /** Commits, trees and tags as a pack file; once, to its end. */
  pack(): AsyncIterable<Uint8Array>;
}

interface HistoryOf {
  name: string;
  commit: string;
  branch: string | null;
  objectFormat: "sha1" | "sha256";
}

/** Reads it from a repository of the session, while no other command runs. */
export async function readHistory(git: GitSession, { name, commit, ...names }: HistoryOf): Promise<GitHistory> {
  const repository = `--git-dir=${git.repository(name)}`;
  const listed = await git.run([repository, "for-each-ref", "--format=%(objectname) %(refname:strip=2)", "refs/tags"]);
  const tags = parseTags(listed.stdout);
  const reader = git.spawnProgram(["cat", "--", `${git.repository(name)}/shallow`], {});
  reader.endInput();
  const [shallow] = await Promise.all([new Response(reader.stdout).text(), new Response(reader.stderr).text()]);
  await reader.exited;
  const pack = () => {
    const child = git.spawn([repository, "pack-objects", "--quiet", "--revs", "--filter=blob:none", "--stdout"], {});
    child.input([commit, ...Object.values(tags)].map((id) => `${id}\n`).join(""));
    child.endInput();
    return readPack(child);
  };
  return { ...names, head: commit, tags, shallow: shallow.split("\n").filter((line) => OBJECT_ID.test(line)), pack };
}

const OBJECT_ID = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
/** More are of no use to 'git describe', and each is a file or a line for every build. */
const TAGS_MAX = 1000;

/** Lines of id and name. Names that a file system or a ref parser could stumble over are left out. Pure. */
export function parseTags(listing: string): Record<string, string> {
  const lines = listing.split("\n").map((line) => /^([0-9a-f]{40,64}) ([\w][\w./@+-]{0,199})$/.exec(line));
  const usable = lines.flatMap((line) => (line && !/\.\.|\/\/|\/\.|\.lock(\/|$)|@\{/.test(line[2]!) ? [line] : []));
  return Object.fromEntries(usable.slice(-TAGS_MAX).map(([, id, name]) => [name!, id!]));
}

async function* readPack(child: RunningCommand): AsyncGenerator<Uint8Array> {
  yield* child.stdout;
  await assertEnded(child);
}
