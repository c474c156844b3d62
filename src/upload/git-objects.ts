import type { TreeMode } from "../model/tree.ts";
import { ByteReader } from "./byte-reader.ts";
import type { GitProcess, GitSession } from "./git.ts";
import { type FetchLimits, type SourceFile, tooLarge } from "./source-tree.ts";

export interface GitEntry {
  path: string;
  mode: TreeMode;
  object: string;
  /** Bytes. */
  size: number;
}

interface ReadOptions {
  signal: AbortSignal;
  limits: FetchLimits;
  onLog(text: string): void;
}

/** Bytes that are asked of `cat-file` before the first of them is read. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const WINDOW_FILES = 256;

/**
 * All files of a commit, without a checkout: no filter, no attribute and no name of the repository touches the disk.
 * A submodule is left out with a line in the log.
 * @throws BerthError `source_too_large` as soon as a limit is passed
 */
export async function listTree(git: GitSession, commit: string, options: ReadOptions): Promise<GitEntry[]> {
  const child = git.spawnInRepository(["ls-tree", "-r", "-z", "-l", "--full-tree", commit], options);
  child.stdin.end();
  const entries: GitEntry[] = [];
  let seen = 0;
  let bytes = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of child.stdout) {
    const data = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = data.indexOf(0, start); end !== -1; end = data.indexOf(0, start)) {
      seen += 1;
      const entry = parseEntry(data.toString("utf8", start, end), options);
      start = end + 1;
      if (entry) entries.push(entry);
      bytes += entry?.size ?? 0;
      if (seen > options.limits.files) throw tooLarge("files", options.limits);
      if (bytes > options.limits.bytes) throw tooLarge("bytes", options.limits);
    }
    rest = data.subarray(start);
  }
  await assertEnded(child, options.signal);
  return entries;
}

/** One line of `git ls-tree -l -z`: mode, type, object, padded size, tab, path. */
function parseEntry(line: string, { onLog }: Pick<ReadOptions, "onLog">): GitEntry | undefined {
  const [, mode, object, size, path] = /^(\d{6}) \w+ ([0-9a-f]{40,64}) +(\d+|-)\t(.*)$/s.exec(line) ?? [];
  if (mode === undefined || object === undefined || path === undefined) throw new Error(`unexpected ls-tree: ${line}`);
  if (mode === "160000") {
    onLog(`Warning: the submodule '${path}' is left out; submodules are not fetched.`);
    return undefined;
  }
  // Git once wrote 100664; it reads it as a plain file.
  const known: TreeMode = mode === "120000" || mode === "100755" ? mode : "100644";
  return { path, mode: known, object, size: Number(size) };
}

/** The files in the order of `entries`, their bytes from one `git cat-file --batch`. */
export async function* readBlobs(
  git: GitSession,
  entries: readonly GitEntry[],
  { signal }: Pick<ReadOptions, "signal">,
): AsyncGenerator<SourceFile> {
  const child = git.spawnInRepository(["cat-file", "--batch"], { signal });
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
      child.stdin.write(request);
      await child.stdin.flush();
    }
    const header = await output.line();
    if (header !== `${entry.object} blob ${entry.size}`) {
      signal.throwIfAborted();
      throw new Error(`unexpected cat-file: ${header}`);
    }
    const content = output.next(entry.size);
    yield { path: entry.path, mode: entry.mode, chunks: () => content };
    for await (const _unread of content);
    await output.line();
  }
  child.stdin.end();
  await assertEnded(child, signal);
}

async function assertEnded(child: GitProcess, signal: AbortSignal): Promise<void> {
  const [exit, stderr] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  signal.throwIfAborted();
  if (exit !== 0) throw new Error(`git ended with ${exit}: ${stderr.slice(0, 1000)}`);
}
