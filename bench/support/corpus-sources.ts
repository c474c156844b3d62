import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { runToEnd } from "../../test/support/process.ts";

export interface CorpusEntry {
  /** `owner/name`. */
  name: string;
  url: string;
  /** What was newest when the entry was written. */
  commit?: string;
  /** An id of src/build/plan/frameworks.ts; null where none is to be found. */
  framework: string | null;
  /** The site's folder, where the repository holds several and doesn't say which. */
  root?: string;
}

export interface Located {
  /** As `berth deploy` takes it. */
  source: string;
  /** As `git clone --depth 1` takes it. */
  gitUrl: string;
  commit?: string;
  /** What is to be told of it. */
  note: string;
}

/** `only` are parts of names or whole frameworks; positions count from 1 in the whole list. */
export function selectEntries(
  entries: readonly CorpusEntry[],
  { only, from }: { only?: readonly string[]; from: number },
): { entry: CorpusEntry; position: number }[] {
  return entries
    .map((entry, at) => ({ entry, position: at + 1 }))
    .filter(({ position }) => position >= from)
    .filter(({ entry }) => only?.some((word) => entry.framework === word || entry.name.includes(word)) ?? true);
}

/** Where to fetch it from; undefined when there is a folder of mirrors without it. */
export async function locate({ name, url, commit }: CorpusEntry, mirrors?: string): Promise<Located | undefined> {
  if (mirrors === undefined) return { source: url, gitUrl: url, commit, note: "" };
  const folder = join(resolve(mirrors), name.replace("/", "+"), "repo");
  const gitDirectory = (await isFolder(join(folder, ".git"))) ? join(folder, ".git") : folder;
  if (!(await isFolder(join(gitDirectory, "objects")))) return undefined;
  const at = { source: gitDirectory, gitUrl: `file://${gitDirectory}` };
  const holds = await runToEnd(["git", "--git-dir", gitDirectory, "cat-file", "-e", `${commit}^{commit}`]).then(
    () => true,
    () => false,
  );
  if (commit === undefined || holds) return { ...at, commit, note: "" };
  return { ...at, note: "the mirror's newest commit" };
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
