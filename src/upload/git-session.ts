import { lstat, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ContactedHost, sumContacted } from "../model/contacted-host.ts";
import type { EgressPolicy } from "../sandbox/sandbox.ts";
import { type CommandRunner, plainRunner, type RunningCommand, walledRunner } from "./command-runner.ts";
import { GIT_CONFIG, type GitEnvironment, type GitPlace, gitVariables } from "./git.ts";
import { SHOWN_REPOSITORY } from "./local-repository.ts";
import { type FetchWall, openAccess, type RemoteAccess } from "./remote-access.ts";
import type { FetchLimits } from "./source-tree.ts";

export interface GitResult {
  exit: number;
  stdout: string;
  stderr: string;
}

export interface GitSessionOptions {
  environment: GitEnvironment;
  temporaryDirectory: string;
  wall: FetchWall | undefined;
  limits: FetchLimits;
}

const STDOUT_MAX_BYTES = 4 * 1024 * 1024;
const STDERR_MAX_BYTES = 64 * 1024;
const SIZE_CHECK_MS = 200;
const MEMORY_BYTES = 2 * 1024 ** 3;
const PROCESSES = 128;
/** Room for what git writes beside the packs, whatever the limit of those. */
const FILE_LEAST_BYTES = 64 * 1024 ** 2;

/**
 * Folders of one fetch, with repositories in them, and a git that is cut off from the machine's configuration. Its
 * commands run behind the wall, by the way to one remote at a time.
 */
export class GitSession {
  private runner: CommandRunner | undefined;
  private access: RemoteAccess | undefined;
  private contacted: ContactedHost[] = [];

  private constructor(
    private readonly options: GitSessionOptions,
    private readonly folders: { work: string; home: string },
    private readonly place: GitPlace,
    /** To be removed at the end; undefined where the slot is. */
    private readonly directory: string | undefined,
  ) {}

  static async open(options: GitSessionOptions): Promise<GitSession> {
    const { temporaryDirectory, wall } = options;
    await mkdir(temporaryDirectory, { recursive: true });
    if (wall !== undefined) {
      const folders = await wall.sandbox.prepareSlot(wall.slot);
      await writeFile(join(folders.home, "gitconfig"), GIT_CONFIG);
      return new GitSession(options, folders, { work: "/work", home: "/home" }, undefined);
    }
    const directory = await mkdtemp(join(temporaryDirectory, "git-"));
    const folders = { work: join(directory, "work"), home: join(directory, "home") };
    for (const folder of Object.values(folders)) await mkdir(folder);
    await writeFile(join(folders.home, "gitconfig"), GIT_CONFIG);
    return new GitSession(options, folders, folders, directory);
  }

  /** Opens the way to a remote in the place of the one before. @returns the URL to give to git */
  async reach(url: string, { name, egress = "none" }: { name: string; egress?: EgressPolicy }): Promise<string> {
    await this.leave();
    const access = await openAccess(url, { ...this.options, folders: this.folders, name });
    this.access = access;
    await this.start(access, egress);
    return access.url;
  }

  /** Goes on without any remote. */
  async withdraw(): Promise<void> {
    const mounts = this.access?.mounts ?? [];
    await this.leave();
    await this.start({ mounts, hosts: [], variables: {} }, "none");
  }

  private async start(
    access: Pick<RemoteAccess, "mounts" | "hosts" | "variables">,
    egress: EgressPolicy,
  ): Promise<void> {
    const { wall, limits, temporaryDirectory, environment } = this.options;
    if (wall === undefined) {
      this.runner = plainRunner({ cwd: this.folders.work, path: environment.path });
      return;
    }
    await wall.sandbox.handOver(wall.slot);
    const run = {
      ...{ slot: wall.slot, readOnly: access.mounts, egress },
      ...(access.hosts.length === 0 ? {} : { egressHosts: access.hosts }),
      limits: {
        // The time limit of the fetch holds for the part that waits for strangers; this one is for what may follow.
        wallMs: 2 * limits.wallMs,
        memoryBytes: MEMORY_BYTES,
        processes: PROCESSES,
        diskBytes: 2 * limits.bytes,
        fileBytes: Math.max(limits.bytes, FILE_LEAST_BYTES),
        logBytes: 4 * limits.bytes,
      },
    };
    this.runner = await walledRunner({ sandbox: wall.sandbox, temporaryDirectory, run });
  }

  /** Path of a repository as git sees it. */
  repository(name: string): string {
    return `${this.place.work}/${name}.git`;
  }

  /** Runs git beside the repositories to its end. The signal kills the whole run; then it rejects. */
  async run(
    args: readonly string[],
    { signal, input }: { signal?: AbortSignal; input?: string } = {},
  ): Promise<GitResult> {
    const child = this.spawn(args, { signal });
    if (input !== undefined) child.input(input);
    child.endInput();
    const [stdout, stderr, exit] = await Promise.all([
      readCapped(child.stdout, STDOUT_MAX_BYTES),
      readCapped(child.stderr, STDERR_MAX_BYTES),
      child.exited,
    ]);
    return { exit, stdout, stderr };
  }

  /** The caller reads both streams. */
  spawn(
    args: readonly string[],
    options: { signal?: AbortSignal | undefined; env?: Record<string, string> },
  ): RunningCommand {
    return this.spawnProgram(["git", ...args], options);
  }

  spawnProgram(
    command: readonly string[],
    { signal, env }: { signal?: AbortSignal | undefined; env?: Record<string, string> },
  ): RunningCommand {
    signal?.throwIfAborted();
    const { runner } = this;
    if (runner === undefined) throw new Error("no way is open");
    const child = runner.spawn(command, { ...gitVariables(this.place), ...this.access?.variables, ...env });
    const kill = () => void runner.close();
    signal?.addEventListener("abort", kill, { once: true });
    const forget = () => signal?.removeEventListener("abort", kill);
    child.exited.then(forget, forget);
    return child;
  }

  /** Calls `onOver` once when the repositories' packs grow over `maxBytes`. @returns the end of the watch */
  watchSize({ maxBytes, onOver }: { maxBytes: number; onOver: () => void }): () => void {
    const timer = setInterval(async () => {
      if ((await packBytes(this.folders.work)) <= maxBytes) return;
      clearInterval(timer);
      onOver();
    }, SIZE_CHECK_MS);
    return () => clearInterval(timer);
  }

  /** Ends all processes and removes all files. @returns the hosts that were asked for */
  async close(): Promise<readonly ContactedHost[]> {
    await this.leave();
    const { wall } = this.options;
    // Free as soon as this returns; what can't be removed is told by the next preparation.
    wall?.sandbox.clearSlot(wall.slot).catch(() => undefined);
    if (this.directory !== undefined) await rm(this.directory, { recursive: true, force: true });
    return this.contacted;
  }

  private async leave(): Promise<void> {
    this.contacted = sumContacted([this.contacted, (await this.runner?.close()) ?? []]);
    await this.access?.close();
    this.runner = undefined;
    this.access = undefined;
  }
}

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

/** Of all repositories in a folder. It lies where git writes: what is found is looked at, never opened. */
async function packBytes(work: string): Promise<number> {
  const names = await readdir(work).catch(() => []);
  // What a local repository is shown by may hold its whole history.
  const repositories = names.filter((name) => !name.endsWith(SHOWN_REPOSITORY));
  const folders = repositories.map((name) => join(work, name, "objects", "pack"));
  const sizes = await Promise.all(folders.map(folderBytes));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function folderBytes(path: string): Promise<number> {
  const names = await readdir(path).catch(() => []);
  const sizes = await Promise.all(names.map((name) => lstat(join(path, name)).catch(() => undefined)));
  return sizes.reduce((sum, info) => sum + (info?.size ?? 0), 0);
}
