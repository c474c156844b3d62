import { constants, type Dirent, type Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir, readlink } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { BerthError } from "../model/errors.ts";
import type { Sha256 } from "../model/ids.ts";
import { pathProblem } from "../model/tree.ts";
import type { BuildPlan } from "./plan/plan.ts";

/** A file of an output, as `publish` takes it. */
export interface OutputFile {
  path: string;
  /** Bytes. */
  size: number;
  hash: Sha256;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

const LIMITS = { files: 100_000, fileBytes: 512 * 1024 ** 2, totalBytes: 4 * 1024 ** 3, depth: 64 };

type CommandPlan = BuildPlan & { kind: "build" };

/**
 * Finds the folder that the build wrote: the first candidate that exists, one that is newer than the build's start
 * before one that was committed.
 * @throws BerthError `output_missing` naming what was looked for and what is there
 */
export async function chooseOutput(
  work: string,
  plan: CommandPlan,
  { startedAtMs }: { startedAtMs: number },
): Promise<{ directory: string; relative: string; warnings: string[] }> {
  const found: { directory: string; relative: string; isFresh: boolean }[] = [];
  for (const candidate of plan.outputCandidates) {
    const relative = posix.normalize(posix.join(plan.root, candidate)).replace(/\/$/, "");
    if (relative === ".." || relative.startsWith("../") || relative.startsWith("/")) continue;
    if (!(await isPlainFolder(work, relative))) continue;
    const directory = join(work, relative);
    found.push({ directory, relative, isFresh: await hasFileSince(directory, startedAtMs) });
  }
  const chosen = found.find(({ isFresh }) => isFresh) ?? found[0];
  if (chosen)
    return { ...chosen, warnings: chosen.isFresh ? [] : [`'${chosen.relative}' was not written by this build.`] };
  const there = (await readdir(join(work, plan.root), { withFileTypes: true }).catch(() => [] as Dirent[]))
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."))
    .map((entry) => entry.name);
  throw new BerthError("output_missing", `The build wrote none of: ${plan.outputCandidates.join(", ")}.`, {
    hint: `Set output_directory to the folder that the build writes. Folders there: ${there.slice(0, 12).join(", ") || "none"}.`,
  });
}

/** Every part of the path is a folder and no link: a build may have put a link to a folder of the host there. */
async function isPlainFolder(work: string, relative: string): Promise<boolean> {
  let at = work;
  for (const part of relative.split("/")) {
    at = part === "." ? at : join(at, part);
    const info = await lstat(at).catch(() => undefined);
    if (!info?.isDirectory()) return false;
  }
  return true;
}

async function hasFileSince(directory: string, sinceMs: number): Promise<boolean> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    // File times have the kernel's clock tick for a unit.
    if (entry.isFile() && (await lstat(path)).mtimeMs >= sinceMs - 10) return true;
    if (entry.isDirectory() && (await hasFileSince(path, sinceMs))) return true;
  }
  return false;
}

/**
 * Reads an output that nobody writes to any more. Each file is opened without following links and looked at by its
 * descriptor, so what is published is what was checked.
 * @throws BerthError `output_refused`, `output_empty`, `output_no_index`
 */
export async function collectOutput(directory: string): Promise<OutputFile[]> {
  const files: OutputFile[] = [];
  let totalBytes = 0;
  const add = async (path: string, at: string) => {
    const file = await readOutputFile(path, at);
    totalBytes += file.size;
    if (totalBytes > LIMITS.totalBytes) throw refused(path, "the output is larger than 4 GiB in all");
    if (files.push(file) > LIMITS.files) throw refused(path, "the output has more than 100,000 files");
  };
  await walk({ top: directory, folder: "", depth: 0, add });
  assertPages(files);
  return files;
}

interface Walk {
  top: string;
  folder: string;
  depth: number;
  add(path: string, at: string): Promise<void>;
}

async function walk({ top, folder, depth, add }: Walk): Promise<void> {
  if (depth > LIMITS.depth) throw refused(folder, "folders lie too deep");
  const names = await readdir(Buffer.from(join(top, folder)), { encoding: "buffer" });
  for (const raw of names.sort(Buffer.compare)) {
    const name = raw.toString("utf8");
    const path = folder === "" ? name : `${folder}/${name}`;
    const problem = Buffer.from(name, "utf8").equals(raw) ? pathProblem(path) : "a name that is not UTF-8";
    if (problem !== undefined) throw refused(path, problem);
    if (/^\.env($|\.)/.test(name)) throw refused(path, "a .env file, which holds settings that are not for the public");
    const at = join(top, path);
    const info = await lstat(at);
    if (info.isDirectory()) await walk({ top, folder: path, depth: depth + 1, add });
    else if (info.isSymbolicLink()) await followInside({ top, path, add });
    else if (info.isFile()) await add(path, at);
    else throw refused(path, "neither a file nor a folder");
  }
}

/** A link to a file of the same output becomes that file; one that leaves it is refused. */
async function followInside({ top, path, add }: { top: string; path: string; add: Walk["add"] }): Promise<void> {
  let at = path;
  for (let hops = 0; hops < 16; hops += 1) {
    const info: Stats | undefined = await lstat(join(top, at)).catch(() => undefined);
    if (info?.isFile() && (await isPlainFolder(top, dirname(at)))) return await add(path, join(top, at));
    if (!info?.isSymbolicLink()) break;
    const target = await readlink(join(top, at));
    at = posix.normalize(posix.join(posix.dirname(at), target));
    if (target.startsWith("/") || at === ".." || at.startsWith("../"))
      throw refused(path, "a link that leaves the output");
  }
  throw refused(path, "a link that leads to no file of the output");
}

async function readOutputFile(path: string, at: string): Promise<OutputFile> {
  const handle = await open(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw refused(path, "neither a file nor a folder");
    if (info.size > LIMITS.fileBytes) throw refused(path, "larger than 512 MiB");
    const { hash, size } = await hashOf(handle);
    return { path, size, hash, bytes: () => readAgain(at) };
  } finally {
    await handle.close();
  }
}

async function hashOf(handle: FileHandle): Promise<{ hash: Sha256; size: number }> {
  const hasher = new Bun.CryptoHasher("sha256");
  const buffer = new Uint8Array(256 * 1024);
  let size = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, size);
    if (bytesRead === 0) return { hash: hasher.digest("hex") as Sha256, size };
    hasher.update(buffer.subarray(0, bytesRead));
    size += bytesRead;
  }
}

async function readAgain(at: string): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return new Uint8Array(await handle.readFile());
  } finally {
    await handle.close();
  }
}

function assertPages(files: readonly OutputFile[]): void {
  if (files.length === 0) {
    throw new BerthError("output_empty", "The build wrote no files.", {
      hint: "Look in the log whether the build did its work, and whether output_directory is the right folder.",
    });
  }
  if (files.some(({ path }) => /\.html?$/i.test(path))) return;
  const shown = files.slice(0, 10).map(({ path }) => path);
  throw new BerthError("output_no_index", "The output has no HTML page to start from.", {
    hint: `Set output_directory to the folder with the pages. Found instead: ${shown.join(", ")}${files.length > 10 ? ", …" : ""}.`,
  });
}

function refused(path: string, reason: string): BerthError {
  return new BerthError("output_refused", `'${JSON.stringify(path).slice(1, -1)}' can't be published: ${reason}.`, {
    hint: "Change the build so that it does not write it.",
  });
}
