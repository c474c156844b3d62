import type { TreeMode } from "../model/tree.ts";
import { ByteReader } from "./byte-reader.ts";
import type { RunningCommand } from "./command-runner.ts";
import type { GitSession } from "./git-session.ts";
import { type FetchLimits, type SourceFile, tooLarge } from "./source-tree.ts";

export interface GitEntry {
  path: string;
  mode: TreeMode;
  object: string;
  /** Bytes. */
  size: number;
}

/** A place in a tree where another repository belongs: a submodule. */
export interface GitLink {
  path: string;
  commit: string;
}

/** A repository of the session with its files, and where they lie in the source. */
export interface SourcePart {
  name: string;
  url: string;
  commit: string;
  entries: readonly GitEntry[];
  links: readonly GitLink[];
  /** Empty, or a folder with a slash at its end. */
  prefix: string;
}

/** Content that stands for that of a blob: the file's path as git sees it, by the blob's id. */
export type LargeFiles = ReadonlyMap<string, { path: string; size: number }>;

interface ReadOptions {
  signal: AbortSignal;
  limits: FetchLimits;
}

/** Bytes that are asked of `cat-file` before the first of them is read. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const WINDOW_FILES = 256;

/**
 * All files of a commit, without a checkout: no filter, no attribute and no name of the repository touches the disk.
 * @throws BerthError `source_too_large` as soon as a limit is passed
 */
export async function listTree(
  git: GitSession,
  { name, commit }: { name: string; commit: string },
  options: ReadOptions,
): Promise<{ entries: GitEntry[]; links: GitLink[] }> {
  const listing = ["ls-tree", "-r", "-z", "-l", "--full-tree", commit];
  const child = git.spawn([`--git-dir=${git.repository(name)}`, ...listing], options);
  child.endInput();
  const entries: GitEntry[] = [];
  const links: GitLink[] = [];
  let bytes = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of child.stdout) {
    const data = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = data.indexOf(0, start); end !== -1; end = data.indexOf(0, start)) {
      const entry = parseEntry(data.toString("utf8", start, end));
      start = end + 1;
      if ("commit" in entry) links.push(entry);
      else {
        entries.push(entry);
        bytes += entry.size;
      }
      if (entries.length + links.length > options.limits.files) throw tooLarge("files", options.limits);
      if (bytes > options.limits.bytes) throw tooLarge("bytes", options.limits);
    }
    rest = data.subarray(start);
  }
  await assertEnded(child);
  return { entries, links };
}

/** One line of `git ls-tree -l -z`: mode, type, object, padded size, tab, path. */
function parseEntry(line: string): GitEntry | GitLink {
  const [, mode, object, size, path] = /^(\d{6}) \w+ ([0-9a-f]{40,64}) +(\d+|-)\t(.*)$/s.exec(line) ?? [];
  if (mode === undefined || object === undefined || path === undefined) throw new Error(`unexpected ls-tree: ${line}`);
  if (mode === "160000") return { path, commit: object };
  // Git once wrote 100664; it reads it as a plain file.
  const known: TreeMode = mode === "120000" || mode === "100755" ? mode : "100644";
  return { path, mode: known, object, size: Number(size) };
}

/** The files of all parts, their bytes from one `git cat-file --batch`; large files come last. */
export async function* readBlobs(
  git: GitSession,
  { parts, large }: { parts: readonly SourcePart[]; large: LargeFiles },
): AsyncGenerator<SourceFile> {
  const all = parts.flatMap(({ prefix, entries }) =>
    prefix === "" ? entries : entries.map((entry) => ({ ...entry, path: prefix + entry.path })),
  );
  const isLarge = (entry: GitEntry) => entry.mode !== "120000" && large.has(entry.object);
  const plain = large.size === 0 ? all : all.filter((entry) => !isLarge(entry));
  const [first, ...others] = parts.map(({ name }) => git.repository(name));
  const env: Record<string, string> =
    others.length === 0 ? {} : { GIT_ALTERNATE_OBJECT_DIRECTORIES: others.map(objectsOf).join(":") };
  const child = git.spawn([`--git-dir=${first}`, "cat-file", "--batch"], { env });
  yield* readBatch(child, plain);
  for (const entry of all.filter(isLarge)) {
    const file = large.get(entry.object)!;
    const reader = git.spawnProgram(["cat", "--", file.path], {});
    reader.endInput();
    yield { path: entry.path, mode: entry.mode, chunks: () => reader.stdout };
    await assertEnded(reader);
  }
}

const objectsOf = (repository: string): string => `${repository}/objects`;

async function* readBatch(child: RunningCommand, entries: readonly GitEntry[]): AsyncGenerator<SourceFile> {
  const output = new ByteReader(child.stdout);
  let asked = 0;
  let askedBytes = 0;
  for (const [index, entry] of entries.entries()) {
    if (asked === index) {
      // Asks for a window of blobs at once; what git has ready never piles up beyond it.
      askedBytes = 0;
      let request = "";
      while (asked < entries.length && asked - index < WINDOW_FILES && askedBytes < WINDOW_BYTES) {
        request += `${entries[asked]!.object}\n`;
        askedBytes += entries[asked]!.size;
        asked += 1;
      }
      child.input(request);
    }
    const header = await output.line();
    if (header !== `${entry.object} blob ${entry.size}`) throw new Error(`unexpected cat-file: ${header}`);
    const content = output.next(entry.size);
    yield { path: entry.path, mode: entry.mode, chunks: () => content };
    for await (const _unread of content);
    await output.line();
  }
  child.endInput();
  await assertEnded(child);
}

export async function assertEnded(child: RunningCommand): Promise<void> {
  const [exit, stderr] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  if (exit !== 0) throw new Error(`git ended with ${exit}: ${stderr.slice(0, 1000)}`);
}
