import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nanoid } from "nanoid";
import semver from "semver";
import { BerthError } from "../../model/errors.ts";
import { type NpmCommand, runNpm } from "./npm.ts";

/** A range may have a newer answer after that; until then, and while npm fails, the last answer holds. */
const FRESH_MS = 24 * 3600 * 1000;

/** npm's words for a range that no published version fits. */
const NO_SUCH_VERSION = /No match found for version|No matching version found/;

interface Wanted {
  /** Of the tool, as in the names of kept folders. */
  name: string;
  packageName: string;
  /** A version, a range or a dist-tag. */
  wanted: string;
  /** Of the versions in range, one in this range is taken if there is one. */
  preferred?: string;
}

/** @throws BerthError `toolchain_unavailable` */
export async function resolveVersion(
  { directory, npm }: { directory: string; npm: NpmCommand },
  request: Wanted,
): Promise<string> {
  const { name, packageName, wanted } = request;
  const exact = semver.parse(wanted);
  if (exact !== null) return exact.version;
  // npm reads paths, URLs and aliases in a version's place, too.
  if (!/^[A-Za-z0-9.^~<>=|*+ -]{1,200}$/.test(wanted) || wanted.startsWith("-")) throw unknown(name, wanted);
  const memory = join(directory, "resolved", `${name}@${encodeURIComponent(wanted)}.json`);
  const remembered = await recall(memory);
  if (remembered !== undefined && Date.now() - remembered.atMs < FRESH_MS) return remembered.version;
  try {
    const text = await runNpm(npm, ["view", `${packageName}@${wanted}`, "version", "--json"], directory);
    const version = pick(text, request);
    await remember(memory, version);
    return version;
  } catch (error) {
    const fallback = remembered?.version ?? (await newestKept(directory, request));
    if (fallback !== undefined) return fallback;
    if (isUnknownVersion(error)) throw unknown(name, wanted);
    throw error;
  }
}

/** The registry answered, and has no such version. */
export function isUnknownVersion(error: unknown): boolean {
  return error instanceof BerthError && NO_SUCH_VERSION.test(error.message);
}

/** `npm view` prints one version, a list, or nothing when none is in range. */
function pick(text: string, { name, wanted, preferred }: Wanted): string {
  const found: unknown = text.trim() === "" ? [] : JSON.parse(text);
  const versions = (Array.isArray(found) ? found : [found]).filter(
    (version): version is string => typeof version === "string" && semver.valid(version) !== null,
  );
  const liked = preferred === undefined ? [] : versions.filter((version) => semver.satisfies(version, preferred));
  const newest = semver.rsort(liked.length > 0 ? liked : versions)[0];
  if (newest === undefined) throw unknown(name, wanted);
  return newest;
}

async function newestKept(directory: string, { name, wanted, preferred }: Wanted): Promise<string | undefined> {
  if (semver.validRange(wanted) === null) return undefined;
  const kept = (await readdir(directory).catch(() => []))
    .filter((folder) => folder.startsWith(`${name}-`))
    .map((folder) => folder.slice(name.length + 1))
    .filter((version) => semver.valid(version) !== null && semver.satisfies(version, wanted));
  const liked = kept.filter((version) => preferred !== undefined && semver.satisfies(version, preferred));
  return semver.rsort(liked.length > 0 ? liked : kept)[0];
}

async function recall(path: string): Promise<{ version: string; atMs: number } | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as { version: string; atMs: number };
  } catch {
    return undefined;
  }
}

async function remember(path: string, version: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  const draft = `${path}.${nanoid(8)}`;
  await writeFile(draft, JSON.stringify({ version, atMs: Date.now() }));
  await rename(draft, path);
}

function unknown(name: string, wanted: string): BerthError {
  return new BerthError("toolchain_unavailable", `There is no version of ${name} that fits '${wanted}'.`, {
    hint: "Correct it in package.json, .nvmrc or the project's settings.",
  });
}
