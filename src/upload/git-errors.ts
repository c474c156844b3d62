import { BerthError, type ErrorCode } from "../model/errors.ts";

interface Meaning {
  pattern: RegExp;
  code: ErrorCode;
  message(where: string, reason: string): string;
  hint: string;
}

/** What git, curl and ssh print in the C locale, in the order of the tests: the first match tells. */
const MEANINGS: readonly Meaning[] = [
  {
    pattern: /Permission denied \(|Too many authentication failures|no mutual signature algorithm/,
    code: "repository_not_found",
    message: (where) => `${where} refused the platform's ssh key.`,
    hint: "Add the public key of the platform's user to the repository as a deploy key, or use the https URL of a public one.",
  },
  {
    pattern: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: "source_unreachable",
    message: (where) => `${where} shows another host key than before.`,
    hint: "If the host did change its key, remove the old one from known_hosts of the platform's user.",
  },
  {
    pattern: /could not read (Username|Password)|Authentication failed|returned error: 40[13]|Access denied/i,
    code: "repository_not_found",
    message: (where) => `${where} does not exist or is private.`,
    hint: "Check the URL. For a private repository use its ssh URL and a deploy key of the platform's user.",
  },
  {
    pattern: /returned error: 3\d\d|url base from redirection|maximum \(\d+\) redirects/i,
    code: "source_unreachable",
    message: (where) => `${where} redirects to another address, and redirects are not followed.`,
    hint: "Give the address that the repository has now: open the URL in a browser and copy it from there.",
  },
  {
    pattern: /certificate|SSL|TLS|gnutls/,
    code: "source_unreachable",
    message: (where, reason) => `No secure connection to ${where}: ${reason}.`,
    hint: "For a host with its own certificate authority start the platform with GIT_SSL_CAINFO set to its file.",
  },
  {
    // Before what the other end's hanging up looks like.
    pattern: /possible repository corruption|\bis corrupt\b|unable to read (?:tree|[0-9a-f]{40})/i,
    code: "source_unreachable",
    message: (where) => `${where} is damaged: git found objects missing when it read it.`,
    hint: "Run 'git fsck' where it lies; push it anew from a clone that is whole, or fetch all of a partial one.",
  },
  {
    pattern:
      /Could not resolve|Temporary failure in name resolution|Name or service not known|Failed to connect|Couldn't connect|Connection (refused|timed out|reset|closed)|Operation (timed out|too slow)|Network is unreachable|No route to host|kex_exchange_identification|returned error: (429|5\d\d)|Empty reply|can't be reached|(tunnel failed, response|HTTP code) 50\d|RPC failed|early EOF|hung up unexpectedly(?!\nfatal: Could not read)/i,
    code: "source_unreachable",
    message: (where, reason) => `${where} could not be reached: ${reason}.`,
    hint: "Check the URL, and that the platform's machine can reach the host; then deploy again.",
  },
  {
    pattern: /fsck error|fsck_|hasDot|Not all child objects/i,
    code: "source_refused",
    message: (where, reason) => `${where} holds a damaged or unsafe object: ${reason}.`,
    hint: "Run 'git fsck' in the repository and repair what it names.",
  },
  {
    pattern: /couldn't find remote ref/i,
    code: "branch_not_found",
    message: (where) => `The branch is gone from ${where}.`,
    hint: "Deploy again with a branch that exists.",
  },
  {
    pattern:
      /not found|not appear to be a git repo|returned error: 4\d\d|access rights|not valid: is this a git|no such/i,
    code: "repository_not_found",
    message: (where) => `${where} is not a git repository that the platform may read.`,
    hint: "Check the URL. For a private repository use its ssh URL and a deploy key of the platform's user.",
  },
];

/** What a browser's address bar shows on GitHub, GitLab, Bitbucket and Gitea. */
const PAGE_OF_A_REPOSITORY = /^https?:\/\/[^/]+\/.+\/(tree|blob|commit|src)\/./;
const PAGE_HINT =
  "This looks like the address of a page. Give the repository's own URL; a branch is chosen by --branch, a folder within it by --root.";

/** Turns git's own words into an error that says what to do. Never repeats a credential. */
export function gitError(stderr: string, { url }: { url: string }): BerthError {
  const text = withoutCredentials(stderr);
  const where = withoutCredentials(url);
  const reason = reasonIn(text);
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(text));
  if (meaning) {
    const isPage = meaning.code === "repository_not_found" && PAGE_OF_A_REPOSITORY.test(url);
    return new BerthError(meaning.code, meaning.message(where, reason), { hint: isPage ? PAGE_HINT : meaning.hint });
  }
  return new BerthError("source_unreachable", `git could not fetch ${where}: ${reason}.`, {
    hint: "Try 'git ls-remote' with the same URL on the platform's machine, as the platform's user.",
  });
}

/** Whether the host answered with a redirect. */
export function isRedirect(stderr: string): boolean {
  return /returned error: 3\d\d|url base from redirection/i.test(stderr);
}

/** Whether the host gives out the tips of its branches only (git's uploadpack.allow*SHA1InWant settings). */
export function isUnadvertised(stderr: string): boolean {
  return /not our ref|unadvertised object|no such remote ref|couldn't find remote ref/i.test(stderr);
}

export function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^\s/@':]*:[^\s/@']*@/g, "://");
}

/** The line that says most, on one line, without what could paint a terminal. */
function reasonIn(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.replace(/[\u0000-\u001f\u007f-\u009f]/g, "").trim())
    .filter(
      (line) => line !== "" && !/^(Warning: Permanently added|Please make sure|and the repository exists)/.test(line),
    );
  const best =
    lines.find((line) => /^(ssh:|error:.*fsck|kex_)/.test(line)) ??
    lines.find((line) => line.startsWith("fatal:") && !line.includes("Could not read from remote")) ??
    lines.at(-1) ??
    "git gave no reason";
  return (
    best
      .replace(/^(fatal|error): /, "")
      // The address, which the sentence around it names.
      .replace(/^unable to access '[^']*': /, "")
      // The words of the wall that the fetch stands behind, for a host that takes no connection.
      .replace(/^.*(CONNECT tunnel failed, response|HTTP code) 50\d.*$/, "it takes no connection")
      .replace(/\.$/, "")
      .slice(0, 300)
  );
}
