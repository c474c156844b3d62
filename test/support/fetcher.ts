import { join } from "node:path";
import { environment } from "../../src/environment.ts";
import { resolveBySystem } from "../../src/resolve-name.ts";
import { openSandbox } from "../../src/sandbox/bubblewrap.ts";
import { ownAddresses } from "../../src/sandbox/own-addresses.ts";
import type { WallMode } from "../../src/sandbox/profile.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { type FetchGitOptions, fetchGit } from "../../src/upload/fetch-git.ts";
import { type GitEnvironment, gitEnvironment } from "../../src/upload/git.ts";
import type { FetchWall } from "../../src/upload/remote-access.ts";

export interface Wishes extends Partial<Pick<FetchGitOptions, "depth" | "limits" | "signal">> {
  branch?: string;
  commit?: string;
  environment?: Partial<GitEnvironment>;
  /** In the place of parts of the wall; it lets private addresses through. `none`: without a wall. */
  wall?: Partial<FetchWall> | "none";
}

export interface Fetcher {
  sandbox: Sandbox;
  options(url: string, wishes?: Wishes): FetchGitOptions & { log: string[] };
  /** Fetches and reads all: mode and text by path. Files of more than a megabyte without their text. */
  fetch(url: string, wishes?: Wishes): Promise<Fetched>;
}

export interface Fetched {
  files: Record<string, string>;
  log: string[];
  branch: string | null;
  defaultBranch: string | null;
  commit: string | null;
  isDefaultBranch: boolean;
  isOwn: boolean;
}

export const LIMITS = { wallMs: 20_000, bytes: 50_000_000, files: 1000 };
export const FETCH_SLOT = 65;

/** The upload service's git with a sandbox of its own in `folder`, whose keys and agents of the user are left out. */
export async function openFetcher(folder: string, uidBase: number, mode?: WallMode): Promise<Fetcher> {
  const registries = { registry: "", hosts: [], npmrcLines: [] };
  const slotsDirectory = join(folder, "slots");
  const sandbox = await openSandbox({
    slotsDirectory,
    uidBase,
    selfUid: process.getuid!(),
    registries,
    diskBytes: 256 * 1024 ** 2,
    ...(mode && { mode }),
  });
  const options: Fetcher["options"] = (url, wishes = {}) => {
    const log: string[] = [];
    const wall = { sandbox, slot: FETCH_SLOT, privateAddresses: true, ownAddresses, resolve: resolveBySystem };
    return {
      source: { url, branch: wishes.branch ?? null, commit: wishes.commit ?? null },
      depth: wishes.depth ?? 1,
      temporaryDirectory: join(folder, "tmp"),
      environment: {
        ...gitEnvironment({ ...environment, home: folder, knownHostsFile: join(folder, "known_hosts") }),
        sshAuthSock: undefined,
        ...wishes.environment,
      },
      wall: wishes.wall === "none" ? undefined : { ...wall, ...wishes.wall },
      limits: wishes.limits ?? LIMITS,
      signal: wishes.signal ?? new AbortController().signal,
      onLog: (text) => void log.push(text),
      log,
    };
  };
  return {
    sandbox,
    options,
    async fetch(url, wishes) {
      const given = options(url, wishes);
      const source = await fetchGit(given);
      const files: Record<string, string> = {};
      try {
        for await (const file of source.files) {
          const chunks: Uint8Array[] = [];
          for await (const chunk of file.chunks()) chunks.push(chunk);
          const content = Buffer.concat(chunks);
          files[file.path] = `${file.mode} ${content.length > 1024 ** 2 ? "" : content.toString("utf8")}`;
        }
      } finally {
        await source.close();
      }
      const { branch, defaultBranch, commit, isDefaultBranch, isOwn } = source;
      return { files, log: given.log, branch, defaultBranch, commit, isDefaultBranch, isOwn };
    },
  };
}
