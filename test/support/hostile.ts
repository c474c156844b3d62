import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSandbox } from "../../src/sandbox/bubblewrap.ts";
import { processesOf } from "../../src/sandbox/process-tree.ts";
import type { WallMode } from "../../src/sandbox/profile.ts";
import type { RegistryConfiguration } from "../../src/sandbox/registries.ts";
import type { RunLimits, RunOptions, RunResult, Sandbox, SlotFolders } from "../../src/sandbox/sandbox.ts";

export const SELF_UID = process.getuid!();
export const IS_ROOT = SELF_UID === 0;

/** The ways of making the wall that this user has. */
export const MODES: readonly WallMode[] = IS_ROOT ? ["user", "capabilities"] : ["user"];

/** Test files side by side get users of their own. */
export const UID_BASE = 900_000 + (process.pid % 1000) * 200;
export const uidOfSlot = (slot: number): number => (IS_ROOT ? UID_BASE + 1 + slot : SELF_UID);

const NO_REGISTRY: RegistryConfiguration = { registry: "https://registry.example/", hosts: [], npmrcLines: [] };

export const MIB = 1024 ** 2;
export const LIMITS: RunLimits = {
  wallMs: 20_000,
  memoryBytes: 1024 * MIB,
  processes: 128,
  diskBytes: 128 * MIB,
  fileBytes: 16 * MIB,
  logBytes: 1 * MIB,
};

export const SLOT = 3;

export type Outcome = RunResult & { text: string };

export interface Wall {
  sandbox: Sandbox;
  /** Of `SLOT`. */
  folders: SlotFolders;
  /** Runs a script of sh in the wall. */
  attempt(script: string, options?: Partial<RunOptions>): Promise<Outcome>;
  /** Processes of a slot's user that are alive; without a user of its own nothing can be told. */
  left(slot?: number): unknown[];
  /** Empties `SLOT` and makes it new. */
  renew(): Promise<SlotFolders>;
  close(): Promise<void>;
}

interface WallOptions {
  directory: string;
  /** `none` is the control: the same attack without a wall. */
  mode: WallMode | "none";
  registries?: RegistryConfiguration;
}

/** Volumes are as small as `LIMITS` has it; a program of its own is told the users of the test that started it. */
export function openTestSandbox(
  slotsDirectory: string,
  mode: WallOptions["mode"],
  { registries = NO_REGISTRY, uidBase = UID_BASE }: { registries?: RegistryConfiguration; uidBase?: number } = {},
): Promise<Sandbox> {
  return openSandbox({
    slotsDirectory,
    uidBase,
    selfUid: SELF_UID,
    diskBytes: LIMITS.diskBytes,
    registries,
    ...(mode === "none" ? { unsafe: true } : { mode }),
  });
}

export async function openWall({ directory, mode, registries = NO_REGISTRY }: WallOptions): Promise<Wall> {
  const sandbox = await openTestSandbox(join(directory, `slots-${mode}`), mode, { registries });
  const folders = await sandbox.prepareSlot(SLOT).catch(async (error) => {
    await sandbox.close();
    throw error;
  });
  const wall: Wall = {
    sandbox,
    folders,
    attempt: (script, options) => attempt(sandbox, script, options),
    left: (slot = SLOT) => (IS_ROOT ? processesOf(uidOfSlot(slot)) : []),
    async renew() {
      wall.folders = await sandbox.prepareSlot(SLOT);
      return wall.folders;
    },
    close: () => sandbox.close(),
  };
  return wall;
}

async function attempt(sandbox: Sandbox, script: string, options: Partial<RunOptions> = {}): Promise<Outcome> {
  const chunks: Uint8Array[] = [];
  const result = await sandbox.run(["/bin/sh", "-c", script], {
    ...{ slot: SLOT, cwd: "/work", env: {}, readOnly: [], path: [], egress: "none", limits: LIMITS },
    signal: new AbortController().signal,
    onOutput: (_, bytes) => void chunks.push(bytes.slice()),
    ...options,
  });
  return { ...result, text: Buffer.concat(chunks).toString("utf8") };
}

export interface BareOutcome {
  status: number;
  text: string;
}

/** The other control: a plain spawn by this very user, root's rights included. The scripts given to it are bounded. */
export async function bare(script: string, { cwd }: { cwd: string }): Promise<BareOutcome> {
  const child = Bun.spawn(["/bin/sh", "-c", script], { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, error, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { status, text: out + error };
}

/** A folder that every user may pass through. */
export async function newFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "berth-hostile-"));
  await chmod(path, 0o711);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Runs JavaScript inside; the platform's own runtime is there for the forwarder. The code holds no single quote. */
export const evaluate = (code: string): string => `exec /run/berth/bun -e '${code}'`;
