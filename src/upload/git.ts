/** What git may see of the platform's environment; everything else is kept from it. */
export interface GitEnvironment {
  /** Search path for `git` and `ssh`. */
  path: string;
  /** The user's, where ssh looks for keys. */
  home: string;
  /** Socket of an ssh agent. */
  sshAuthSock?: string | undefined;
  /** In place of the user's own and the system's. */
  sshConfigFile?: string | undefined;
  /** Host keys that fetches have accepted. */
  knownHostsFile: string;
  /** File of certificate authorities to trust in place of the system's. */
  caFile?: string | undefined;
  /** Proxies for http and https, as curl reads them; used where there is no wall. */
  httpProxy?: string | undefined;
  httpsProxy?: string | undefined;
  noProxy?: string | undefined;
}

interface GivenEnvironment {
  home: string;
  variables: Readonly<Record<string, string | undefined>>;
  knownHostsFile: string;
}

/** Picks what git needs from the variables that the process was started with. */
export function gitEnvironment({ home, variables, knownHostsFile }: GivenEnvironment): GitEnvironment {
  return {
    path: variables.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    home,
    knownHostsFile,
    sshAuthSock: variables.SSH_AUTH_SOCK,
    caFile: variables.GIT_SSL_CAINFO ?? variables.SSL_CERT_FILE,
    httpProxy: variables.http_proxy,
    httpsProxy: variables.https_proxy ?? variables.HTTPS_PROXY,
    noProxy: variables.no_proxy ?? variables.NO_PROXY,
  };
}

/**
 * The only configuration that git reads, in place of the system's and the user's. It is a file and not `-c` options,
 * because git drops those for the process that reads a local repository.
 */
export const GIT_CONFIG = `
[core]
  hooksPath = /dev/null
  fsmonitor = false
  askPass =
  fsync = none
  # Larger blobs are streamed, never held in memory or resolved as deltas.
  bigFileThreshold = 8m
[credential]
  helper =
[http]
  # A redirect could lead to an address inside the operator's network. Also switches off http-alternates.
  followRedirects = false
  lowSpeedLimit = 1000
  lowSpeedTime = 60
[gc]
  auto = 0
[maintenance]
  auto = false
[fetch]
  # One pack, however few objects: its size is watched while it grows.
  unpackLimit = 1
  writeCommitGraph = false
[transfer]
  fsckObjects = true
  credentialsInUrl = die
[protocol]
  version = 2
[uploadpack]
  # Of a repository of this machine: commits alone, to see which branch one is of.
  allowFilter = true
# Flaws of old tools in honest histories, in objects that are not read here.
[fetch "fsck"]
  badDate = ignore
  badDateOverflow = ignore
  badEmail = ignore
  badTimezone = ignore
  missingEmail = ignore
  missingNameBeforeEmail = ignore
  missingSpaceBeforeDate = ignore
  missingSpaceBeforeEmail = ignore
  missingTaggerEntry = ignore
  zeroPaddedDate = ignore
  zeroPaddedFilemode = ignore
`;

/** The repository may belong to another user; git-upload-pack runs nothing that its configuration names. */
export const LOCAL_CONFIG = `
[safe]
  directory = *
`;

/** Where a fetch lies, by the names that git sees. */
export interface GitPlace {
  /** Holds the repositories. */
  work: string;
  /** Holds `gitconfig`. */
  home: string;
}

/** All of git's environment, but for the way to the remote. */
export function gitVariables({ work, home }: GitPlace): Record<string, string> {
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    // git gets no home of a user, and so no .netrc to send to strangers.
    HOME: home,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: `${home}/gitconfig`,
    GIT_ATTR_NOSYSTEM: "1",
    GIT_CEILING_DIRECTORIES: work,
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_SSH_VARIANT: "ssh",
  };
}

const SSH_OPTIONS = [
  ...["BatchMode=yes", "StrictHostKeyChecking=accept-new", "ConnectTimeout=20", "ServerAliveInterval=15"],
  ...["ForwardAgent=no", "ClearAllForwardings=yes"],
];

/** GIT_SSH_COMMAND, which git hands to a shell: each argument is quoted. */
export function sshCommand(options: { arguments?: readonly string[]; options?: readonly string[] }): string {
  const all = [...SSH_OPTIONS, ...(options.options ?? [])].flatMap((option) => ["-o", option]);
  return ["ssh", ...(options.arguments ?? []), ...all].map(shellQuote).join(" ");
}

const shellQuote = (argument: string): string => `'${argument.replaceAll("'", "'\\''")}'`;
