import { posix } from "node:path";
import { BerthError } from "../model/errors.ts";
import { parseSource } from "../model/source.ts";
import { fetchRepository } from "./fetch-repository.ts";
import { gitError } from "./git-errors.ts";
import { type GitLink, listTree, type SourcePart } from "./git-objects.ts";
import type { GitSession } from "./git-session.ts";
import type { FetchLimits } from "./source-tree.ts";

interface SubmoduleOptions {
  limits: FetchLimits;
  signal: AbortSignal;
  onLog(text: string): void;
  /** Called for each while the way to its remote is open. */
  onPart(part: SourcePart): Promise<void>;
}

const DEPTH_MAX = 4;
const COUNT_MAX = 100;
const URL_MAX = 2000;

/**
 * Fetches the submodules of a repository and theirs, each by a way of its own.
 * @throws BerthError `submodule_failed` that says which one and why
 */
export async function fetchSubmodules(
  git: GitSession,
  top: SourcePart,
  options: SubmoduleOptions,
): Promise<SourcePart[]> {
  const parts: SourcePart[] = [];
  const pending = [{ parent: top, depth: 1 }];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { parent, depth } = next;
    if (parent.links.length === 0) continue;
    const urls = await submoduleUrls(git, parent, options);
    for (const link of parent.links) {
      const path = parent.prefix + link.path;
      const url = urls.get(link.path);
      if (url === undefined) {
        options.onLog(`Warning: the submodule '${path}' is left out, as .gitmodules gives no URL for it.`);
        continue;
      }
      if (depth > DEPTH_MAX) throw failed(path, `submodules are followed ${DEPTH_MAX} deep only`);
      if (parts.length >= COUNT_MAX) throw failed(path, `more than ${COUNT_MAX} submodules are not fetched`);
      const found = await fetchOne(git, { link, parent, url, name: `module${parts.length + 1}` }, options);
      parts.push(found);
      pending.push({ parent: found, depth: depth + 1 });
    }
  }
  if (parts.length > 0) await git.withdraw();
  return parts;
}

interface Wanted {
  link: GitLink;
  parent: SourcePart;
  url: string;
  name: string;
}

async function fetchOne(git: GitSession, wanted: Wanted, options: SubmoduleOptions): Promise<SourcePart> {
  const { link, parent, name } = wanted;
  const path = parent.prefix + link.path;
  const resolved = resolveSubmoduleUrl(wanted.url, parent.url);
  if ("problem" in resolved) throw failed(path, resolved.problem);
  const { url } = resolved;
  options.onLog(`Fetching the submodule ${path} from ${url}`);
  try {
    const target = { url, branch: null, commit: link.commit };
    await fetchRepository(git, { ...options, name, target, depth: 1, tags: false });
    const { entries, links } = await listTree(git, { name, commit: link.commit }, options);
    const part = { name, url, commit: link.commit, entries, links, prefix: `${path}/` };
    await options.onPart(part);
    return part;
  } catch (error) {
    if (error instanceof BerthError && REASONS.has(error.code))
      throw failed(path, error.message.replace(/\.$/, ""), error);
    throw error;
  }
}

/** What a remote's refusal or absence looks like; faults of the platform pass as they are. */
const REASONS: ReadonlySet<string> = new Set([
  "source_unreachable",
  "source_private",
  "source_invalid",
  "repository_not_found",
  "repository_empty",
  "branch_not_found",
  "commit_not_found",
]);

function failed(path: string, reason: string, cause?: BerthError): BerthError {
  return new BerthError("submodule_failed", `The submodule '${path}' could not be fetched: ${reason}.`, {
    hint:
      cause?.code === "source_unreachable"
        ? cause.hint
        : "Submodules must be public and have an https URL in .gitmodules; or commit their files into the repository.",
    cause,
  });
}

/** URL of each submodule by its path, as `.gitmodules` (gitmodules(5)) of the commit gives it. */
async function submoduleUrls(
  git: GitSession,
  { name, entries, url }: SourcePart,
  { signal }: Pick<SubmoduleOptions, "signal">,
): Promise<Map<string, string>> {
  const file = entries.find(({ path, mode }) => path === ".gitmodules" && mode !== "120000");
  if (file === undefined) return new Map();
  const listing = ["config", "--blob", file.object, "--null", "--list"];
  const { exit, stdout, stderr } = await git.run([`--git-dir=${git.repository(name)}`, ...listing], { signal });
  if (exit !== 0) throw gitError(stderr, { url });
  return parseModules(stdout);
}

/** The text of `git config --list --null`: name, newline, value, NUL. Pure. */
export function parseModules(listing: string): Map<string, string> {
  const modules = new Map<string, { path?: string; url?: string }>();
  for (const entry of listing.split("\0")) {
    const [, name, key, value] = /^submodule\.(.*)\.(path|url)\n(.*)$/s.exec(entry) ?? [];
    if (name !== undefined && value !== undefined) modules.set(name, { ...modules.get(name), [key!]: value });
  }
  return new Map([...modules.values()].flatMap(({ path, url }) => (path && url ? [[path, url] as const] : [])));
}

/**
 * Whose submodule may be fetched from where: https everywhere; the parent's own origin over http; another path of this
 * machine below a repository of this machine. A relative URL is seen from the parent's (git-submodule(1), add). What is
 * written for ssh, git's own protocol or http is asked for over https, as a public repository's host has it there. Pure.
 */
export function resolveSubmoduleUrl(url: string, parent: string): { url: string } | { problem: string } {
  if (url.length > URL_MAX) return { problem: `its URL has more than ${URL_MAX} characters` };
  const isRelative = /^\.\.?\//.test(url);
  const written = isRelative ? joinUrl(parent, url) : url;
  if (written === undefined) return { problem: `its URL '${url}' leads above the host` };
  const isParents = URL.canParse(parent) && URL.canParse(written) && new URL(parent).origin === new URL(written).origin;
  const isOfOwnHttp = isParents && /^http:/i.test(written);
  const absolute = isOfOwnHttp ? written : (overHttps(written) ?? written);
  if (absolute.startsWith("/")) {
    return parent.startsWith("/") ? { url: absolute } : { problem: `its URL '${url}' is a path` };
  }
  try {
    if (parseSource(absolute).kind !== "git") return { problem: `its URL '${url}' is a path` };
  } catch (error) {
    return { problem: (error as Error).message.replace(/\.$/, "") };
  }
  if (isOfOwnHttp || /^https:\/\//i.test(absolute)) return { url: absolute };
  return { problem: `its URL '${absolute}' is not an https one` };
}

/** The same repository of the same host, where no port, home folder or user but `git` makes another place of it. */
function overHttps(url: string): string | undefined {
  const match =
    /^git@([\w.-]+):(?!~|\/\/|\d+\/)\/?(\S+)$/.exec(url) ??
    /^(?:ssh:\/\/git@|git:\/\/|http:\/\/)([\w.-]+)\/(?!~)(\S+)$/i.exec(url);
  return match ? `https://${match[1]}/${match[2]}` : undefined;
}

function joinUrl(parent: string, relative: string): string | undefined {
  const [, start = "", path = ""] = /^([a-z+]+:\/\/[^/]+|[^/:]+:(?!\/\/))?(.*)$/i.exec(parent) ?? [];
  const joined = posix.join(path.replace(/\/+$/, ""), relative);
  return joined.startsWith("..") || (start.includes("://") && joined === "/") ? undefined : start + joined;
}
