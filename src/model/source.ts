import { BerthError } from "./errors.ts";

/** Where a deployment's files come from. A git `url` may be a local path to a repository. Never holds a credential. */
export type Source =
  | { kind: "git"; url: string; branch: string | null; commit: string | null }
  | { kind: "folder"; path: string };

export type ParsedSource = { kind: "git"; url: string } | { kind: "path"; path: string };

const HINT = "Give an https, http, ssh or git@host:path URL of a git repository, or the path of a folder.";
const invalid = (message: string): BerthError => new BerthError("source_invalid", message, { hint: HINT });

/** `git@host:path` as in git's own manual ("scp-like syntax"): a colon before the first slash. */
const SCP_LIKE = /^(?:[A-Za-z0-9._][A-Za-z0-9._-]*@)?[A-Za-z0-9._[][A-Za-z0-9.:_\]-]*:(?!\/\/)\S+$/;

/**
 * Of URLs: a name, or an IPv6 address. An operator's ssh configuration may hand both to a shell (ssh_config(5), `%h` and
 * `%r` in ProxyCommand and `Match exec`), and not every ssh refuses what a shell would run.
 */
const HOST = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])$/;
const USER = /^(?:[A-Za-z0-9._][A-Za-z0-9._-]*)?$/;

/** As long as a path of Linux may be (PATH_MAX); no URL of a repository comes near it. */
const SOURCE_MAX = 4096;

/**
 * Reads what a user typed. Decides by the text alone; whether a path exists is for the caller to find out.
 * Everything that git would read as an option, a remote helper (`ext::`) or a second host is refused.
 */
export function parseSource(text: string): ParsedSource {
  const trimmed = text.trim();
  if (trimmed === "") throw invalid("The source is empty.");
  if (trimmed.length > SOURCE_MAX)
    throw invalid(`The source has more than ${SOURCE_MAX.toLocaleString("en")} characters.`);
  if (/[\u0000-\u001f\u007f]/.test(trimmed)) throw invalid("The source holds a control character.");
  if (trimmed.startsWith("-")) throw invalid(`'${trimmed}' looks like an option, not like a source.`);
  if (trimmed.startsWith("/") || trimmed === "." || trimmed === ".." || /^(\.{1,2}|~)\//.test(trimmed)) {
    return { kind: "path", path: trimmed };
  }
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(trimmed)) return parseUrl(trimmed);
  if (trimmed.includes("::")) throw invalid(`'${trimmed}' names a remote helper of git, which is not allowed.`);
  const colon = trimmed.indexOf(":");
  const slash = trimmed.indexOf("/");
  if (colon !== -1 && (slash === -1 || colon < slash)) {
    const path = trimmed.slice(colon + 1);
    if (!SCP_LIKE.test(trimmed) || path.startsWith("-")) throw invalid(`'${trimmed}' is no git URL.`);
    return { kind: "git", url: trimmed };
  }
  return { kind: "path", path: trimmed };
}

function parseUrl(text: string): ParsedSource {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid(`'${text}' is no URL.`);
  }
  if (url.protocol === "file:") return { kind: "path", path: decodePath(url.pathname) };
  if (!["https:", "http:", "ssh:"].includes(url.protocol)) {
    throw invalid(`'${url.protocol}//' is not a protocol that sources are fetched by.`);
  }
  if (!HOST.test(url.hostname)) throw invalid("The source URL names no host.");
  const userAllowed = url.protocol === "ssh:" && url.password === "";
  if (userAllowed && !USER.test(url.username)) throw invalid(`'${url.username}' can't be the user of an ssh URL.`);
  if ((url.username !== "" || url.password !== "") && !userAllowed) {
    throw new BerthError("source_has_credentials", "The source URL carries a user name or a password.", {
      hint: "Leave them out of the URL, where logs and other users would see them; use an ssh URL with a deploy key.",
    });
  }
  if (url.pathname === "" || url.pathname === "/") throw invalid("The source URL names no repository.");
  // Git would put its own path behind them.
  if (url.protocol !== "ssh:" && /[?#]/.test(text)) {
    throw new BerthError("source_invalid", "The source URL has a part that begins with '?' or '#'.", {
      hint: "Give the repository's own URL; a branch is chosen by --branch, a folder within it by --root.",
    });
  }
  return { kind: "git", url: url.protocol + text.slice(url.protocol.length) };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalid(`'${path}' is not percent-encoded rightly.`);
  }
}

/** Git's own rules for a branch name (git-check-ref-format), and none that an option parser could read. */
export function isBranchName(name: string): boolean {
  const bad =
    name === "" ||
    name.length > 200 ||
    /^[-/.]|\/$|\.$|\.\.|\/\/|@\{|\.lock(\/|$)|\/\.|[\u0000-\u0020\u007f~^:?*[\\]/.test(name) ||
    name === "@";
  return !bad;
}

export function assertBranchName(name: string): string {
  if (!isBranchName(name)) {
    throw new BerthError("branch_not_found", `'${name}' can't be the name of a branch.`, {
      hint: "Give the branch's name as 'git branch' prints it.",
    });
  }
  return name;
}

export function assertCommit(text: string): string {
  if (/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text)) return text;
  throw new BerthError("commit_not_found", `'${text}' is not a full commit id.`, {
    hint: "Give all 40 hexadecimal digits, as 'git rev-parse' prints them.",
  });
}
