import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../model/errors.ts";
import type { Sha256 } from "../model/ids.ts";
import { pathProblem } from "../model/tree.ts";
import { inParallel } from "../store/concurrency.ts";
import { linkTarget, namesIn, openFileBelow, openFolder, openFolderBelow, openPath, statBelow } from "./open-below.ts";
import { refusalOf } from "./output-fault.ts";
import { hashOf, readAgain } from "./output-file.ts";
import { envFileRefused, isEnvFile, type SecretScan } from "./secret-scan.ts";

export { chooseOutput, withOutput } from "./choose-output.ts";

/** A file of an output, as `publish` takes it. */
export interface OutputFile {
  path: string;
  /** Bytes. */
  size: number;
  hash: Sha256;
  /** @throws BerthError `output_refused` when it is not the same file any more */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * For what is too large to be held in memory: its bytes by its path, unchecked. Whoever stores them checks their hash.
   * Absent where the store has them.
   */
  blob?(): Blob;
}

export interface OutputLimits {
  files: number;
  fileBytes: number;
  totalBytes: number;
  depth: number;
}

interface CollectOptions {
  scan?: SecretScan | undefined;
  /** The framework's hint, for an output without any page. */
  howToWritePages?: string | null;
  signal?: AbortSignal;
}

const MIB = 1024 ** 2;
export const OUTPUT_LIMITS: OutputLimits = { files: 100_000, fileBytes: 512 * MIB, totalBytes: 4096 * MIB, depth: 64 };
const AT_ONCE = 16;

/**
 * Reads an output that nobody writes to any more. Each name is opened below its open folder without following links,
 * and looked at by its descriptor, so what is published is what was checked. Modes and owners are dropped; a link to
 * something within the output becomes what it leads to.
 * @throws BerthError `output_refused` naming the entry, `output_empty`, `output_no_index`
 */
export async function collectOutput(
  directory: string,
  limits: OutputLimits = OUTPUT_LIMITS,
  { scan, howToWritePages = null, signal }: CollectOptions = {},
): Promise<OutputFile[]> {
  const top = await openFolder(directory).catch((cause: NodeJS.ErrnoException) => {
    throw refused(directory.split("/").at(-1)!, cause.code === "ENOENT" ? "it is gone" : "it is a link or no folder");
  });
  try {
    const collection: Collection = {
      directory,
      top,
      limits,
      scan,
      signal,
      files: [],
      totalBytes: 0,
      entries: 0,
      owner: (await top.stat()).uid,
    };
    const whole = { folder: top, real: [], shown: [], above: [await identity(top)] };
    await collectFolder(collection, whole).catch((error) => {
      throw refusalOf(error, directory.split("/").at(-1)!);
    });
    assertPages(collection.files, howToWritePages);
    return collection.files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  } finally {
    await top.close();
  }
}

interface Collection {
  directory: string;
  top: FileHandle;
  limits: OutputLimits;
  scan: SecretScan | undefined;
  signal: AbortSignal | undefined;
  files: OutputFile[];
  totalBytes: number;
  /** Names of all kinds that were met. */
  entries: number;
  /** The uid that the output's folder belongs to. */
  owner: number;
}

interface Place {
  folder: FileHandle;
  /** Where the folder is. */
  real: readonly string[];
  /** Where its files are published: the same, unless a link led here. */
  shown: readonly string[];
  /** The folders that it lies in, by device and inode: a link to one of them would go round in circles. */
  above: readonly string[];
}

const PROJECT_FILE = Buffer.from("package.json");
const PACKAGES = Buffer.from("node_modules");

async function collectFolder(collection: Collection, place: Place): Promise<void> {
  if (place.shown.length > collection.limits.depth) throw refused(place.shown.join("/"), "its folders lie too deep");
  const names = await namesIn(place.folder);
  // Only a folder that is the project itself has both; its packages are no part of the site.
  const isProject = place.shown.length === 0 && names.some((name) => name.equals(PROJECT_FILE));
  collection.entries += names.length;
  if (collection.entries > 2 * collection.limits.files) throw refused(place.shown.join("/"), "it has too many entries");
  const files: { name: string; info: Stats }[] = [];
  for (const raw of names) {
    if (isProject && raw.equals(PACKAGES)) continue;
    const name = checkedName(raw, place);
    collection.signal?.throwIfAborted();
    const info = await statBelow(place.folder, raw);
    if (info?.isDirectory()) await naming(place, name, () => enter(collection, place, name));
    else if (info?.isSymbolicLink()) await naming(place, name, () => follow(collection, place, name));
    else if (info?.isFile()) files.push({ name, info });
    else throw refused([...place.shown, name].join("/"), "it is neither a file nor a folder");
  }
  await inParallel(files, AT_ONCE, ({ name }) =>
    naming(place, name, () => addFile(collection, place, { name, as: [...place.shown, name] })),
  );
}

/** The innermost entry is named: what it throws is a refusal already when it comes to the outer ones. */
async function naming(place: Place, name: string, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    throw refusalOf(error, [...place.shown, name].join("/"));
  }
}

function checkedName(raw: Buffer, place: Place): string {
  const name = raw.toString("utf8");
  const path = [...place.shown, name].join("/");
  const problem = Buffer.from(name, "utf8").equals(raw) ? pathProblem(path) : "a name that is not UTF-8";
  if (problem !== undefined) throw refused(path, `it has ${problem}`);
  if (isEnvFile(name)) throw envFileRefused(path);
  return name;
}

async function enter(collection: Collection, place: Place, name: string): Promise<void> {
  const folder = await openFolderBelow(place.folder, Buffer.from(name));
  try {
    const above = [...place.above, await identity(folder)];
    const shown = [...place.shown, name];
    await collectFolder(collection, { folder, real: [...place.real, name], shown, above });
  } finally {
    await folder.close();
  }
}

/** A link to a file or folder of the same output is published as that one. */
async function follow(collection: Collection, place: Place, name: string): Promise<void> {
  const shown = [...place.shown, name];
  const real = await resolveInside(collection, { from: place.real, name, shown: shown.join("/") });
  const parent = await openPath(collection.top, real.slice(0, -1));
  try {
    const last = real.at(-1);
    const info = last === undefined ? undefined : await statBelow(parent, Buffer.from(last));
    if (last !== undefined && info?.isFile()) {
      return await addFile(
        collection,
        { ...place, folder: parent, real: real.slice(0, -1) },
        { name: last, as: shown },
      );
    }
    const folder = await openPath(collection.top, real);
    try {
      const id = await identity(folder);
      if (place.above.includes(id)) throw refused(shown.join("/"), "it is a link to a folder that it lies in");
      await collectFolder(collection, { folder, real, shown, above: [...place.above, id] });
    } finally {
      await folder.close();
    }
  } finally {
    await parent.close();
  }
}

const MAX_HOPS = 40;

/** Walks a link's target name by name as the kernel would, but never above the output. */
async function resolveInside(
  { top }: Collection,
  link: { from: readonly string[]; name: string; shown: string },
): Promise<string[]> {
  let at = [...link.from];
  const pending = [link.name];
  for (let hops = 0; pending.length > 0; ) {
    const part = pending.shift()!;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (at.length === 0) throw refused(link.shown, "it is a link that leaves the output");
      at = at.slice(0, -1);
      continue;
    }
    const folder = await openPath(top, at);
    try {
      const info = await statBelow(folder, Buffer.from(part));
      if (info === undefined) throw refused(link.shown, "it is a link that leads nowhere");
      if (!info.isSymbolicLink()) {
        if (pending.length > 0 && !info.isDirectory()) throw refused(link.shown, "it is a link that leads nowhere");
        if (!info.isDirectory() && !info.isFile()) throw refused(link.shown, "it is neither a file nor a folder");
        const problem = pathProblem([...at, part].join("/"));
        if (problem !== undefined) throw refused(link.shown, `it is a link to ${problem}`);
        at.push(part);
        continue;
      }
      if (++hops > MAX_HOPS) throw refused(link.shown, "it is a link that goes round in circles");
      const target = (await linkTarget(folder, Buffer.from(part))).toString("utf8");
      if (target.startsWith("/")) throw refused(link.shown, "it is a link that leaves the output");
      pending.unshift(...target.split("/"));
    } finally {
      await folder.close();
    }
  }
  return at;
}

async function addFile(
  collection: Collection,
  place: Place,
  { name, as }: { name: string; as: readonly string[] },
): Promise<void> {
  const path = as.join("/");
  const { limits, signal } = collection;
  signal?.throwIfAborted();
  const file = await openFileBelow(place.folder, Buffer.from(name));
  try {
    const info = await file.stat();
    const problem = fileProblem(info, collection);
    if (problem !== undefined) throw refused(path, problem);
    collection.totalBytes += info.size;
    if (collection.totalBytes > limits.totalBytes) {
      throw refused(path, `with it the output is larger than ${limits.totalBytes / MIB} MiB in all`);
    }
    const hash = await hashOf(file, info.size, collection.scan?.file(path));
    if (hash === undefined) throw refused(path, "it changed while it was read");
    const real = [...place.real, name];
    const bytes = async () => {
      const content = await readAgain(collection.directory, { real, info }).catch((error) => {
        throw refusalOf(error, path);
      });
      if (content === undefined) throw refused(path, "it changed while it was published");
      return content;
    };
    const blob = () => Bun.file(join(collection.directory, ...real));
    if (collection.files.push({ path, size: info.size, hash, bytes, blob }) > limits.files) {
      throw refused(path, `with it the output has more than ${limits.files.toLocaleString("en")} files`);
    }
  } finally {
    await file.close();
  }
}

function fileProblem(info: Stats, { limits, owner }: Collection): string | undefined {
  if (!info.isFile()) return "it is neither a file nor a folder";
  if (info.size > limits.fileBytes) return `it is larger than ${limits.fileBytes / MIB} MiB`;
  // A second name of a file that somebody else owns: the build may not even have been able to read it.
  if (info.nlink > 1 && info.uid !== owner) return "it is a hard link to a file of another owner";
  return undefined;
}

async function identity(folder: FileHandle): Promise<string> {
  const { dev, ino } = await folder.stat();
  return `${dev}:${ino}`;
}

function assertPages(files: readonly OutputFile[], howToWritePages: string | null): void {
  if (files.length === 0) {
    throw new BerthError("output_empty", "The build wrote no files.", {
      hint: "Look in the log whether the build did its work, and whether output_directory is the right folder.",
    });
  }
  const pages = files.filter(({ path }) => /\.html?$/i.test(path));
  // A single page of another name answers as a single-page application does; an index may lie in a folder.
  if (pages.length === 1 || pages.some(({ path }) => /(^|\/)index\.html?$/i.test(path))) return;
  const shown = files.slice(0, 10).map(({ path }) => path);
  throw new BerthError("output_no_index", "The output has no index.html to start from.", {
    hint: `${pages.length === 0 && howToWritePages !== null ? `${howToWritePages} Or set` : "Set"} output_directory to the folder with the pages. Found instead: ${shown.join(", ")}${files.length > 10 ? ", …" : ""}.`,
  });
}

function refused(path: string, reason: string): BerthError {
  return new BerthError("output_refused", `${JSON.stringify(path.slice(0, 300))} can't be published: ${reason}.`, {
    hint: "Change the build so that it does not write it, or publish another folder.",
  });
}
