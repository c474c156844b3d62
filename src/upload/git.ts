import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { BerthError } from "../model/errors.ts";

/** What git may see of the platform's environment; everything else is kept from it. */
export interface GitEnvironment {
  /** Search path for `git` and `ssh`. */
  path: string;
  /** Socket of an ssh agent. */
  sshAuthSock?: string | undefined;
  /** File of certificate authorities to trust in place of the system's. */
  caFile?: string | undefined;
  /** Proxies for http and https, as curl reads them. */
  httpProxy?: string | undefined;
  httpsProxy?: string | undefined;
  noProxy?: string | undefined;
  /** More arguments for ssh, each one argument. */
  sshArguments?: readonly string[] | undefined;
}

/** Picks what git needs from the variables that the process was started with. */
export function gitEnvironment(variables: Readonly<Record<string, string | undefined>>): GitEnvironment {
  return {
    path: variables.PATH ?? "/usr/local/bin:/usr/bin:/bin",
    sshAuthSock: variables.SSH_AUTH_SOCK,
    caFile: variables.GIT_SSL_CAINFO ?? variables.SSL_CERT_FILE,
    httpProxy: variables.http_proxy,
    httpsProxy: variables.https_proxy ?? variables.HTTPS_PROXY,
    noProxy: variables.no_proxy ?? variables.NO_PROXY,
  };
}

export interface GitResult {
  exit: number;
  stdout: string;
  stderr: string;
}

export type GitProcess = Subprocess<"pipe", "pipe", "pipe">;

export interface GitSessionOptions {
  environment: GitEnvironment;
  temporaryDirectory: string;
  /** A path of this machine: the `file` transport is allowed, and no other one. */
  local: boolean;
}

const STDOUT_MAX_BYTES = 4 * 1024 * 1024;
const STDERR_MAX_BYTES = 64 * 1024;
const SIZE_CHECK_MS = 200;

/**
 * The only configuration that git reads, in place of the system's and the user's. It is a file and not `-c` options,
 * because git drops those for the process that reads a local repository.
 */
const CONFIG = `
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
const LOCAL_CONFIG = `
[safe]
  directory = *
`;

/** A temporary folder with a bare repository and a git that is cut off from the rest of the machine's configuration. */
export class GitSession {
  private readonly alive = new Set<GitProcess>();

  private constructor(
    private readonly directory: string,
    private readonly variables: Record<string, string>,
  ) {}

  static async open({ environment, temporaryDirectory, local }: GitSessionOptions): Promise<GitSession> {
    await mkdir(temporaryDirectory, { recursive: true });
    const directory = await mkdtemp(join(temporaryDirectory, "git-"));
    await writeFile(join(directory, "config"), local ? CONFIG + LOCAL_CONFIG : CONFIG);
    return new GitSession(directory, variablesFor(environment, { directory, local }));
  }

  private get repository(): string {
    return join(this.directory, "repository.git");
  }

  async init(objectFormat: "sha1" | "sha256"): Promise<void> {
    const flags = ["--quiet", "--bare", "--template=", `--object-format=${objectFormat}`];
    const { exit, stderr } = await this.run(["init", ...flags, this.repository], {});
    if (exit !== 0) throw new Error(`git init failed: ${stderr}`);
  }

  /** Runs git beside the repository to its end. The signal kills it with all its children; then it still resolves. */
  async run(args: readonly string[], { signal }: { signal?: AbortSignal }): Promise<GitResult> {
    const child = this.spawn(args, { signal });
    child.stdin.end();
    const [stdout, stderr, exit] = await Promise.all([
      readCapped(child.stdout, STDOUT_MAX_BYTES),
      readCapped(child.stderr, STDERR_MAX_BYTES),
      child.exited,
    ]);
    return { exit, stdout, stderr };
  }

  runInRepository(args: readonly string[], options: { signal?: AbortSignal }): Promise<GitResult> {
    return this.run([`--git-dir=${this.repository}`, ...args], options);
  }

  spawnInRepository(args: readonly string[], options: { signal?: AbortSignal }): GitProcess {
    return this.spawn([`--git-dir=${this.repository}`, ...args], options);
  }

  /** Calls `onOver` once when the repository's packs grow over `maxBytes`. @returns the end of the watch */
  watchSize(maxBytes: number, onOver: () => void): () => void {
    const packs = join(this.repository, "objects", "pack");
    const timer = setInterval(async () => {
      if ((await folderBytes(packs)) <= maxBytes) return;
      clearInterval(timer);
      onOver();
    }, SIZE_CHECK_MS);
    return () => clearInterval(timer);
  }

  async close(): Promise<void> {
    const children = [...this.alive];
    for (const child of children) killGroup(child);
    await Promise.all(children.map((child) => child.exited));
    await rm(this.directory, { recursive: true, force: true });
  }

  private spawn(args: readonly string[], { signal }: { signal?: AbortSignal | undefined }): GitProcess {
    signal?.throwIfAborted();
    const child = start(args, { cwd: this.directory, env: this.variables });
    this.alive.add(child);
    const kill = () => killGroup(child);
    signal?.addEventListener("abort", kill, { once: true });
    void child.exited.then(() => {
      signal?.removeEventListener("abort", kill);
      this.alive.delete(child);
    });
    return child;
  }
}

function start(args: readonly string[], { cwd, env }: { cwd: string; env: Record<string, string> }): GitProcess {
  const git = Bun.which("git", { PATH: env.PATH! });
  if (git === null) {
    throw new BerthError("missing_dependency", "git is not installed on the platform's machine.", {
      hint: "Install it there, for example with 'apt-get install git'.",
    });
  }
  // A process group of its own: git's transports are children, and they must not outlive it.
  return Bun.spawn([git, ...args], { cwd, env, stdin: "pipe", stdout: "pipe", stderr: "pipe", detached: true });
}

function killGroup(child: GitProcess): void {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}

function variablesFor(
  environment: GitEnvironment,
  { directory, local }: { directory: string; local: boolean },
): Record<string, string> {
  const ssh = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new", "-o", "ConnectTimeout=20"];
  ssh.push("-o", "ServerAliveInterval=15", "-o", "ForwardAgent=no", "-o", "ClearAllForwardings=yes");
  const variables: Record<string, string | undefined> = {
    PATH: environment.path,
    // ssh finds its keys by the user's entry in passwd; git gets no home, and so no .netrc to send to strangers.
    HOME: directory,
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: join(directory, "config"),
    GIT_ATTR_NOSYSTEM: "1",
    GIT_CEILING_DIRECTORIES: directory,
    GIT_ALLOW_PROTOCOL: local ? "file" : "https:http:ssh",
    GIT_TERMINAL_PROMPT: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_LFS_SKIP_SMUDGE: "1",
    // git hands this to a shell, so each argument is quoted.
    GIT_SSH_COMMAND: [...ssh, ...(environment.sshArguments ?? [])].map(shellQuote).join(" "),
    GIT_SSH_VARIANT: "ssh",
    SSH_AUTH_SOCK: environment.sshAuthSock,
    GIT_SSL_CAINFO: environment.caFile,
    http_proxy: environment.httpProxy,
    https_proxy: environment.httpsProxy,
    no_proxy: environment.noProxy,
  };
  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => !!entry[1]));
}

const shellQuote = (argument: string): string => `'${argument.replaceAll("'", "'\\''")}'`;

/** Reads all and keeps the first bytes, so that the writer never blocks. */
async function readCapped(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of stream) {
    if (bytes < maxBytes) text += decoder.decode(chunk.subarray(0, maxBytes - bytes), { stream: true });
    bytes += chunk.length;
  }
  return text;
}

async function folderBytes(path: string): Promise<number> {
  const names = await readdir(path).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(join(path, name)).catch(() => undefined)));
  return sizes.reduce((sum, info) => sum + (info?.size ?? 0), 0);
}
