import { type Dirent, lstatSync } from "node:fs";
import { type FileHandle, lstat } from "node:fs/promises";
import { join, posix } from "node:path";
import { BerthError } from "../model/errors.ts";
import { entriesIn, openFolder, openFolderBelow, statBelow } from "./open-below.ts";
import { refusalOf } from "./output-fault.ts";
import { isPageName } from "./plan/pages-folder.ts";
import type { BuildPlan } from "./plan/plan.ts";

type CommandPlan = Pick<
  BuildPlan & { kind: "build" },
  "root" | "outputCandidates" | "serverOutputs" | "outputHint" | "resolved"
>;

export interface ChosenOutput {
  directory: string;
  /** Seen from the top of the source. */
  relative: string;
  warnings: string[];
}

interface Found extends ChosenOutput {
  /** Something in it was written by this build. */
  isFresh: boolean;
  hasPage: boolean;
}

/**
 * Finds the folder that the build wrote: the first candidate with pages that are newer than the build's start, since
 * many a repository holds an old output; then a folder beside them; only then one that was there before.
 * @throws BerthError `output_missing` naming what was looked for and what is there, `server_output` when the build made a
 * server and no pages, `output_refused` for a link
 */
export async function chooseOutput(
  work: string,
  plan: CommandPlan,
  { startedAtMs }: { startedAtMs: number },
): Promise<ChosenOutput> {
  try {
    return await choose(work, plan, startedAtMs);
  } catch (error) {
    throw refusalOf(error, plan.root);
  }
}

async function choose(work: string, plan: CommandPlan, startedAtMs: number): Promise<ChosenOutput> {
  const isAsked = plan.resolved.output_directory?.from === "project settings";
  const isNamed = plan.resolved.output_directory?.from !== "detected";
  const links: string[] = [];
  const onLink = (relative: string) => void links.push(relative);
  const look = (relative: string) => inspectFolder(work, { relative, startedAtMs, onLink });
  const candidates: Found[] = [];
  for (const candidate of plan.outputCandidates) {
    const found = await look(posix.join(plan.root, candidate));
    if (found) candidates.push(found);
  }
  const inPlace = isAsked
    ? undefined
    : (candidates.find(({ relative }) => relative === plan.root) ?? (await madeInPlace()));
  const written = candidates.filter((found) => found !== inPlace);
  const chosen =
    written.find(({ isFresh, hasPage }) => isFresh && hasPage) ??
    (isAsked ? undefined : await onlyFreshFolder(work, { root: plan.root, look })) ??
    inPlace ??
    written.find(({ hasPage }) => hasPage) ??
    (isNamed ? written[0] : written.find(({ isFresh }) => isFresh));
  if (chosen === undefined && links[0] !== undefined) {
    const written = await withFreshIndex(join(work, plan.root), { startedAtMs, depth: 0 });
    throw refusedFolder(links[0], "it is a link, or lies behind one", written);
  }
  if (!isAsked && !chosen?.hasPage) await refuseServer(work, plan);
  const deep =
    isAsked || chosen?.hasPage ? undefined : await onlyDeepFolder(work, { root: plan.root, startedAtMs, look });
  if (deep !== undefined) return deep;
  if (chosen === undefined) throw await missing(work, plan, startedAtMs);
  const inner = isAsked
    ? chosen
    : ((await besideServer(plan, { chosen, look })) ?? (await intoOnlyFolder(chosen, look)));
  const { directory, relative, warnings } = inner;
  const stale = chosen.isFresh ? [] : [`'${relative}' was there before: this build has written nothing in it.`];
  return { directory, relative, warnings: [...warnings, ...stale, ...indexWarning(directory, relative)] };

  /** Nobody said so, and the build has put an index page at the root itself. */
  async function madeInPlace(): Promise<Found | undefined> {
    const index = await lstat(join(work, plan.root, "index.html")).catch(() => undefined);
    return index?.isFile() && index.ctimeMs > startedAtMs + CLOCK_MS ? await look(plan.root) : undefined;
  }
}

/** What was decided on, with the folder that is published in the place of the likeliest one. Pure. */
export function withOutput(
  { root, resolved }: Pick<CommandPlan, "root" | "resolved">,
  relative: string,
): CommandPlan["resolved"] {
  const value = posix.relative(root, relative) || ".";
  const isExpected = resolved.output_directory?.value === value;
  return isExpected ? resolved : { ...resolved, output_directory: { value, from: "detected" } };
}

/** A site without a root index can be right, so it is said and no more. */
function indexWarning(directory: string, relative: string): string[] {
  const index = lstatSync(join(directory, "index.html"), { throwIfNoEntry: false });
  if (index?.size === 0) return [`index.html of the output '${relative}' is empty: '/' shows a blank page.`];
  return index ? [] : [`The output '${relative}' has no index.html at its top, so '/' shows no page of it.`];
}

type Look = (relative: string) => Promise<Found | undefined>;

/** A folder that nobody thought of: the only one right below the root that the build has put an index page in. */
async function onlyFreshFolder(work: string, { root, look }: { root: string; look: Look }): Promise<Found | undefined> {
  const fresh: Found[] = [];
  for (const name of await folderNames(join(work, root))) {
    const found = await look(posix.join(root, name));
    if (found?.isFresh && lstatSync(join(found.directory, "index.html"), { throwIfNoEntry: false })) fresh.push(found);
  }
  return fresh.length === 1 ? fresh[0] : undefined;
}

/** The same further down, where nothing else has a page at all: told, since nobody has said so. */
async function onlyDeepFolder(
  work: string,
  { root, startedAtMs, look }: { root: string; startedAtMs: number; look: Look },
): Promise<ChosenOutput | undefined> {
  const [only, ...others] = await withFreshIndex(join(work, root), { startedAtMs, depth: 0 });
  const found = only === undefined || others.length > 0 ? undefined : await look(posix.join(root, only));
  if (found === undefined) return undefined;
  const warning = `'${found.relative}' is published, the one folder with an index.html that this build has written; set output_directory if it is not the site.`;
  return { directory: found.directory, relative: found.relative, warnings: [warning] };
}

/** What servers start from, at the top of what an adapter wrote: Astro's, SvelteKit's and other Node adapters'. */
const SERVER_ENTRIES = ["server/entry.mjs", "handler.js", "server/index.js", "server/index.mjs"];

/**
 * A server with the pages that were made beforehand in `client` beside it: those are the site, the server's code is not
 * published. @throws BerthError `server_output` when there is none
 */
async function besideServer(
  plan: CommandPlan,
  { chosen, look }: { chosen: Found; look: Look },
): Promise<ChosenOutput | undefined> {
  const has = (name: string) => lstatSync(join(chosen.directory, name), { throwIfNoEntry: false }) !== undefined;
  const entry = has("index.html") ? undefined : SERVER_ENTRIES.find(has);
  if (entry === undefined) return undefined;
  const pages = await look(posix.join(chosen.relative, "client"));
  if (!pages?.hasPage) throw serverOutput(plan, posix.join(chosen.relative, entry));
  const warning = `The build made a server, too: only the pages in '${pages.relative}' are published.`;
  return { ...pages, warnings: [warning] };
}

async function refuseServer(work: string, plan: CommandPlan): Promise<void> {
  for (const name of plan.serverOutputs) {
    const info = await lstat(join(work, plan.root, name)).catch(() => undefined);
    if (info) throw serverOutput(plan, name);
  }
}

function serverOutput(plan: CommandPlan, found: string): BerthError {
  const way = plan.outputHint ?? "Set the framework to make files.";
  return new BerthError(
    "server_output",
    `There is a server ('${found}'), and the build wrote no pages: sites are served as files here.`,
    { hint: `${way} If there are pages, too, set output_directory to their folder.` },
  );
}

/** What Angular and others write beside the one folder of the site. */
const BESIDE = new Set(["3rdpartylicenses.txt", "prerendered-routes.json", "stats.json"]);

/** `dist/<name>`, `dist/<name>/browser`: a folder that holds one folder and nothing else is only a wrapping. */
async function intoOnlyFolder(outer: Found, look: Look): Promise<ChosenOutput> {
  let at: Found = outer;
  for (let depth = 0; depth < 3; depth += 1) {
    const entries = (await entriesOf(at.directory)).filter(({ name }) => !BESIDE.has(name));
    if (entries.length !== 1 || !entries[0]!.isDirectory()) break;
    const inner = await look(posix.join(at.relative, entries[0]!.name));
    if (inner === undefined) break;
    at = inner;
  }
  // Without an index page at its end the folder's name is a part of the site's paths.
  return lstatSync(join(at.directory, "index.html"), { throwIfNoEntry: false }) ? at : outer;
}

interface Inspection {
  relative: string;
  startedAtMs: number;
  onLink(relative: string): void;
}

async function inspectFolder(
  work: string,
  { relative: path, startedAtMs, onLink }: Inspection,
): Promise<Found | undefined> {
  const relative = posix.normalize(path).replace(/(.)\/$/, "$1");
  if (relative === ".." || relative.startsWith("../") || relative.startsWith("/")) {
    throw refusedFolder(relative, "it lies outside of the source");
  }
  let directory = work;
  for (const part of relative.split("/")) {
    if (part !== ".") directory = join(directory, part);
    const info = await lstat(directory).catch(() => undefined);
    if (info?.isSymbolicLink()) onLink(relative);
    if (!info?.isDirectory()) return undefined;
  }
  const seen = { isFresh: false, hasPage: false, entries: 0 };
  const folder = await openFolder(directory);
  await survey(folder, { startedAtMs, seen, depth: 0 }).finally(() => folder.close());
  return { directory, relative, warnings: [], isFresh: seen.isFresh, hasPage: seen.hasPage };
}

/** The start is known in whole milliseconds, and no command writes a file in its first one. */
const CLOCK_MS = 1;

/** Enough to tell an output from a heap of sources. */
const MAX_SURVEYED = 20_000;
/** What lies deeper is published by nobody (collect.ts). */
const MAX_DEPTH = 64;

interface Survey {
  startedAtMs: number;
  /** Files and folders count alike. */
  seen: { isFresh: boolean; hasPage: boolean; entries: number };
  depth: number;
}

/** Follows no link. The time of the last change can't be set by a program, as the time of writing can. */
async function survey(folder: FileHandle, { startedAtMs, seen, depth }: Survey): Promise<void> {
  const entries = await entriesIn(folder);
  // The nearest files first: most often they settle it.
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    if (++seen.entries > MAX_SURVEYED) return;
    const isHtml = /(?<!\.csr)\.html?$/i.test(entry.name); // Angular's server fills a *.csr.html
    if (isHtml && isPageName(entry.name)) seen.hasPage = true;
    const isErrorPage = isHtml && !seen.hasPage;
    if (!seen.isFresh || isErrorPage) {
      const info = await statBelow(folder, Buffer.from(entry.name));
      const isFresh = info !== undefined && info.ctimeMs > startedAtMs + CLOCK_MS;
      if (isFresh) seen.isFresh = true;
      // Some write a 404.html alone, which starts the app; an old one belongs to a server.
      if (isFresh && isErrorPage) seen.hasPage = true;
    }
  }
  for (const entry of entries) {
    if (!mayHoldOutput(entry)) continue;
    if ((seen.isFresh && seen.hasPage) || ++seen.entries > MAX_SURVEYED || depth === MAX_DEPTH) return;
    // What can't be entered is refused where it would be published.
    const inner = await openFolderBelow(folder, Buffer.from(entry.name)).catch(() => undefined);
    if (inner === undefined) continue;
    await survey(inner, { startedAtMs, seen, depth: depth + 1 }).finally(() => inner.close());
  }
}

const mayHoldOutput = (entry: Dirent): boolean =>
  entry.isDirectory() && entry.name !== "node_modules" && entry.name !== ".git";

async function missing(work: string, plan: CommandPlan, startedAtMs: number): Promise<BerthError> {
  const top = join(work, plan.root);
  const there = await folderNames(top);
  const written = await withFreshIndex(top, { startedAtMs, depth: 0 });
  const folders =
    written.length > 0 ? writtenIn(written) : `Folders there: ${there.slice(0, 12).join(", ") || "none"}.`;
  const way = plan.outputHint ?? "Set output_directory to the folder that the build writes.";
  return new BerthError(
    "output_missing",
    `The build wrote none of: ${plan.outputCandidates.slice(0, 12).join(", ")}.`,
    {
      hint: `${way} ${folders}`,
    },
  );
}

const writtenIn = (folders: readonly string[]): string =>
  `It wrote an index.html in: ${folders.slice(0, 8).join(", ")}.`;

/** How deep folders are named that may be meant, and how many are looked into at each depth. */
const NAMED_DEPTH = 4;
const LOOKED_INTO = 20;

/** The outermost folders below, as paths from here, that this build has put an index page in. */
async function withFreshIndex(
  directory: string,
  { startedAtMs, depth }: { startedAtMs: number; depth: number },
): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await folderNames(directory, OF_TOOLS)).slice(0, LOOKED_INTO)) {
    const inner = join(directory, name);
    const index = await lstat(join(inner, "index.html")).catch(() => undefined);
    if (index?.isFile() && index.ctimeMs > startedAtMs + CLOCK_MS) found.push(name);
    else if (depth + 1 < NAMED_DEPTH) {
      const deeper = await withFreshIndex(inner, { startedAtMs, depth: depth + 1 });
      found.push(...deeper.map((path) => posix.join(name, path)));
    }
  }
  return found;
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  const folder = await openFolder(directory);
  return await entriesIn(folder).finally(() => folder.close());
}

/** Where tools keep pages for themselves; others with a dot may be an output, such as `.output` and `.vitepress`. */
const OF_TOOLS = /^(node_modules|\.git|\.next|\.nuxt|\.cache|\.temp)$/;

async function folderNames(directory: string, leftOut = /^(node_modules$|\.)/): Promise<string[]> {
  const entries = await entriesOf(directory).catch(() => [] as Dirent[]);
  const folders = entries.filter((entry) => entry.isDirectory() && !leftOut.test(entry.name));
  return folders.map(({ name }) => name).sort();
}

function refusedFolder(relative: string, reason: string, written: readonly string[] = []): BerthError {
  const others = written.length === 0 ? "" : ` ${writtenIn(written)} Set output_directory to the folder that is meant.`;
  return new BerthError("output_refused", `The folder ${JSON.stringify(relative)} can't be published: ${reason}.`, {
    hint: `Let the build write a plain folder of the repository.${others}`,
  });
}
