import { BerthError } from "../model/errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { withoutCredentials } from "./git-errors.ts";
import { assertEnded, type GitEntry, type LargeFiles, type SourcePart } from "./git-objects.ts";
import type { GitSession } from "./git-session.ts";
import { LARGE_FILES_INSIDE, SHOWN_REPOSITORY } from "./local-repository.ts";
import { type FetchLimits, tooLarge } from "./source-tree.ts";

interface LargeFileOptions {
  limits: FetchLimits;
  signal: AbortSignal;
  onLog(text: string): void;
}

interface Pointer {
  entry: GitEntry;
  oid: string;
  size: number;
}

/** git-lfs, docs/spec.md: "Pointer files must be less than 1024 bytes in size". */
const POINTER_MAX_BYTES = 1024;
const NAMES_SHOWN = 8;
/** Far below what execve(2) takes for all arguments, with paths of PATH_MAX. */
const PATHS_AT_ONCE = 200;

/**
 * Finds the files that stand for larger ones (Git LFS) and fetches those, where git-lfs is installed; else says which
 * files are left as they are.
 * @throws BerthError `large_files_failed`, `source_too_large`
 */
export async function fetchLargeFiles(
  git: GitSession,
  part: SourcePart,
  options: LargeFileOptions,
): Promise<LargeFiles> {
  const pointers = await findPointers(git, part, options);
  if (pointers.length === 0) return new Map();
  const bytes = pointers.reduce((sum, { size }) => sum + size, 0);
  if (bytes > options.limits.bytes) throw tooLarge("bytes", options.limits);
  const { exit } = await git.run(["lfs", "version"], options);
  const local = part.url.startsWith("/");
  if (exit !== 0 && !local) {
    options.onLog(
      `Warning: git-lfs is not installed on the platform's machine, so these are pointers: ${shown(pointers, part)}.`,
    );
    return new Map();
  }
  const folder = `${git.repository(part.name)}/lfs/objects`;
  const shownAt = `${git.repository(part.name).slice(0, -".git".length)}${SHOWN_REPOSITORY}`;
  const sources = [LARGE_FILES_INSIDE, ...[shownAt, `${part.url}/.git`, part.url].map((path) => `${path}/lfs/objects`)];
  if (local) await copyLocal(git, { pointers, folder, sources }, options);
  else await download(git, part, options);
  const held = await sizesOf(
    git,
    pointers.map(({ oid }) => pathOf(folder, oid)),
    options,
  );
  const lacking = pointers.filter(({ oid, size }) => held.get(pathOf(folder, oid)) !== size);
  if (lacking.length > 0) throw failed(`the remote does not give ${shown(lacking, part)}`);
  options.onLog(`Fetched ${pointers.length} large files (Git LFS), ${bytes} bytes.`);
  return new Map(pointers.map(({ entry, oid, size }) => [entry.object, { path: pathOf(folder, oid), size }]));
}

const pathOf = (folder: string, oid: string): string => `${folder}/${oid.slice(0, 2)}/${oid.slice(2, 4)}/${oid}`;

function shown(pointers: readonly Pointer[], { prefix }: SourcePart): string {
  const names = pointers.slice(0, NAMES_SHOWN).map(({ entry }) => `'${prefix}${entry.path}'`);
  return names.join(", ") + (pointers.length > names.length ? ` and ${pointers.length - names.length} more` : "");
}

async function findPointers(git: GitSession, part: SourcePart, options: LargeFileOptions): Promise<Pointer[]> {
  const small = part.entries.filter(({ size, mode }) => size < POINTER_MAX_BYTES && mode !== "120000");
  const attributes = part.entries.filter(({ path, size }) => /(^|\/)\.gitattributes$/.test(path) && size < 1024 ** 2);
  const texts = await readAll(git, { part, entries: attributes }, options);
  if (!texts.some((text) => /\bfilter=lfs\b/.test(text))) return [];
  const contents = await readAll(git, { part, entries: small }, options);
  return contents.flatMap((text, index) => {
    const pointer = parsePointer(text);
    return pointer === undefined ? [] : [{ entry: small[index]!, ...pointer }];
  });
}

/** git-lfs, docs/spec.md, "The Pointer". Pure. */
export function parsePointer(text: string): { oid: string; size: number } | undefined {
  if (!text.startsWith("version https://git-lfs.github.com/spec/v1\n")) return undefined;
  const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size (\d{1,15})$/m.exec(text)?.[1];
  return oid === undefined || size === undefined ? undefined : { oid, size: Number(size) };
}

async function readAll(
  git: GitSession,
  { part, entries }: { part: SourcePart; entries: readonly GitEntry[] },
  { signal }: Pick<LargeFileOptions, "signal">,
): Promise<string[]> {
  if (entries.length === 0) return [];
  const child = git.spawn([`--git-dir=${git.repository(part.name)}`, "cat-file", "--batch"], { signal });
  const output = new ByteReader(child.stdout);
  const texts: string[] = [];
  for (const { object, size } of entries) {
    child.input(`${object}\n`);
    await output.line();
    let text = "";
    for await (const chunk of output.next(size)) text += Buffer.from(chunk).toString("latin1");
    await output.line();
    texts.push(text);
  }
  child.endInput();
  await assertEnded(child);
  return texts;
}

/** By the remote's own LFS server, which may hand out files from other hosts: public ones are let through. */
async function download(
  git: GitSession,
  { name, url, commit }: SourcePart,
  { signal }: LargeFileOptions,
): Promise<void> {
  const address = await git.reach(url, { name, egress: "public" });
  const { exit, stderr } = await git.run(
    [
      ...[`--git-dir=${git.repository(name)}`, "-c", `remote.origin.url=${address}`, "-c", "lfs.locksverify=false"],
      ...["lfs", "fetch", "origin", commit],
    ],
    { signal },
  );
  if (exit === 0) return;
  const lines = withoutCredentials(stderr).split("\n");
  throw failed(
    lines
      .find((line) => /error|fatal|batch|denied|refused/i.test(line))
      ?.trim()
      .slice(0, 300) ?? `status ${exit}`,
  );
}

/** Of a repository of this machine they lie where it keeps them itself. */
async function copyLocal(
  git: GitSession,
  { pointers, folder, sources }: { pointers: readonly Pointer[]; folder: string; sources: readonly string[] },
  options: LargeFileOptions,
): Promise<void> {
  const candidates = sources.flatMap((source) => pointers.map(({ oid }) => pathOf(source, oid)));
  for (const path of (await sizesOf(git, candidates, options)).keys()) {
    const target = pathOf(folder, path.slice(path.lastIndexOf("/") + 1));
    await runTool(git, ["install", "-D", "-m", "644", "--", path, target], options);
  }
}

async function sizesOf(
  git: GitSession,
  paths: readonly string[],
  options: Pick<LargeFileOptions, "signal">,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (let start = 0; start < paths.length; start += PATHS_AT_ONCE) {
    const some = paths.slice(start, start + PATHS_AT_ONCE);
    const text = await runTool(git, ["stat", "-c", "%s %n", "--", ...some], options);
    for (const line of text.split("\n")) {
      const [, size, path] = /^(\d+) (.+)$/.exec(line) ?? [];
      if (path !== undefined) sizes.set(path, Number(size));
    }
  }
  return sizes;
}

async function runTool(
  git: GitSession,
  command: readonly string[],
  { signal }: Pick<LargeFileOptions, "signal">,
): Promise<string> {
  const child = git.spawnProgram(command, { signal });
  child.endInput();
  const [text] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return text;
}

function failed(reason: string): BerthError {
  return new BerthError(
    "large_files_failed",
    `The repository's large files (Git LFS) could not be fetched: ${reason}.`,
    {
      hint: "Check with 'git lfs ls-files' and 'git lfs push --all origin' that the remote holds them and gives them to everybody.",
    },
  );
}
