import { readdirSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { nanoid } from "nanoid";
import { BerthError, type ErrorBody } from "../model/errors.ts";
import { type Cgroups, findCgroups } from "./cgroup.ts";
import { type Egress, openEgress } from "./egress.ts";
import { dropPrefix, findTool, TOOL_ENVIRONMENT } from "./launch.ts";
import { runPlain } from "./plain.ts";
import { processesOf } from "./process-tree.ts";
import type { WallMode } from "./profile.ts";
import { homeFiles, type RegistryConfiguration } from "./registries.ts";
import { prepareRuntimeFiles, type RuntimeFiles } from "./runtime-files.ts";
import type { RunOptions, RunResult, Sandbox } from "./sandbox.ts";
import { GVISOR_NEEDS_ROOT, tryWall } from "./self-test.ts";
import { openSlots, type Slots } from "./slots.ts";
import { whyNoVolumes } from "./volume.ts";
import { runInWall } from "./wall.ts";

export interface SandboxSettings {
  slotsDirectory: string;
  /** As root: slot n runs as this plus 1 plus n. */
  uidBase: number;
  /** User id of this process; 0 is root. */
  selfUid: number;
  registries: RegistryConfiguration;
  /** Size of a slot's volume, where this machine lets volumes be mounted. */
  diskBytes: number;
  /** Tier 0: no wall at all. Only ever by the operator's word. */
  unsafe?: boolean;
  /** Tier 3: the same behind gVisor's own kernel. */
  gvisor?: boolean;
  /** Instead of finding out which way of making the wall this machine allows. */
  mode?: WallMode;
  /** `watched` does without control groups and volumes, as a user that is not root has to. */
  limits?: "kernel" | "watched";
  /** Told of what a killed platform has left and that can't be removed; builds go on. */
  onFault?: (error: unknown) => void;
}

/** Above all slots of builds (settings.ts: at most 64), below those of uploads (at most 64, too). */
const SELF_TEST_SLOT = 64;
const LAST_SLOT = 128;

/** The wall around builds: bwrap, seccomp, limits, and a proxy as the one way out. */
export async function openSandbox(settings: SandboxSettings): Promise<Sandbox> {
  const { slotsDirectory, uidBase, selfUid, registries } = settings;
  const uidOf = (slot: number) => (selfUid === 0 ? uidBase + 1 + slot : undefined);
  await mkdir(slotsDirectory, { recursive: true, mode: 0o711 });
  const mode = settings.mode ?? (await findMode(uidOf(SELF_TEST_SLOT)));
  const hasNames = mode === "capabilities" || settings.gvisor;
  const uids = hasNames ? Array.from({ length: LAST_SLOT + 1 }, (_, slot) => uidBase + 1 + slot) : [];
  const runtime = await prepareRuntimeFiles(join(slotsDirectory, "runtime"), uids);
  const kernel = await findKernelLimits(settings);
  const volumeBytes = kernel.noVolumes === undefined ? settings.diskBytes : undefined;
  const slots = openSlots({ directory: slotsDirectory, uidOf, homeFiles: homeFiles(registries), volumeBytes });
  await slots.reap(settings.onFault ?? (() => undefined));
  const parts: Parts = { settings, mode, runtime, slots, uidOf, kernel };
  const run = (command: readonly string[], options: RunOptions) => runCommand(parts, command, options);
  const closing = new AbortController();
  let lastTest: Promise<unknown> | undefined;
  return {
    tier: tierOf(settings, mode, kernel),
    hasVolumes: volumeBytes !== undefined,
    registry: registries.registry.replace(/\/?$/, "/"),
    prepareSlot: slots.prepare,
    handOver: slots.handOver,
    clearSlot: slots.clear,
    async close() {
      closing.abort();
      await lastTest?.catch(() => undefined);
      await slots.close();
    },
    run,
    selfTest: remember(() => {
      if (settings.unsafe) return Promise.resolve(undefined);
      const { prepare, clear } = slots;
      const test = tryWall({
        gvisor: settings.gvisor ?? false,
        selfUid: settings.selfUid,
        signal: closing.signal,
        slot: SELF_TEST_SLOT,
        directory: slotsDirectory,
        prepare,
        clear,
        run,
      });
      lastTest = test;
      return test;
    }),
  };
}

/** A refusal is not kept: what was missing may be there by the next time. */
function remember(test: () => Promise<ErrorBody | undefined>): () => Promise<ErrorBody | undefined> {
  let known: Promise<ErrorBody | undefined> | undefined;
  return () => {
    if (known === undefined) {
      const forget = () => {
        known = undefined;
      };
      known = test();
      known.then((refusal) => refusal && forget(), forget);
    }
    return known;
  };
}

interface Parts {
  settings: SandboxSettings;
  mode: WallMode;
  runtime: RuntimeFiles;
  slots: Slots;
  uidOf: (slot: number) => number | undefined;
  kernel: KernelLimits;
}

/** What of the limits the kernel itself holds on this machine. */
interface KernelLimits {
  cgroups: Cgroups | undefined;
  /** Why slots have no volumes; undefined when they have. */
  noVolumes: string | undefined;
}

async function findKernelLimits({ selfUid, unsafe, slotsDirectory, limits }: SandboxSettings): Promise<KernelLimits> {
  if (selfUid !== 0 || unsafe || limits === "watched") return { cgroups: undefined, noVolumes: "not asked for" };
  return { cgroups: findCgroups(), noVolumes: await whyNoVolumes(slotsDirectory) };
}

/** Without a volume a single file takes half of the space at most: the total is seen only after it was written. */
function withSmallFiles(options: RunOptions): RunOptions {
  const { limits } = options;
  return { ...options, limits: { ...limits, fileBytes: Math.min(limits.fileBytes, Math.floor(limits.diskBytes / 2)) } };
}

async function runCommand(parts: Parts, command: readonly string[], asked: RunOptions): Promise<RunResult> {
  const options = parts.kernel.noVolumes === undefined ? asked : withSmallFiles(asked);
  if (options.signal.aborted) return { exit: null, cause: "canceled", durationMs: 0, ...NOWHERE };
  const { settings, mode, runtime, slots, uidOf, kernel } = parts;
  const { registries } = settings;
  const isVolume = kernel.noVolumes === undefined;
  const uid = uidOf(options.slot);
  const runDirectory = slots.runDirectory(options.slot);
  const folders = slots.folders(options.slot);
  const tasksOfOthers = uid === undefined ? countTasks(settings.selfUid) : 0;
  const shared = { command, options, folders, runtime, registries, uid, tasksOfOthers, disk: slots.disk(options.slot) };
  if (settings.unsafe) return { ...(await runPlain({ ...shared, egressSocket: undefined })), ...NOWHERE };
  const isClosed = options.egress === "none" && options.egressHosts === undefined;
  const egress = isClosed ? undefined : await openWay(parts, { options, runDirectory, uid });
  try {
    const cgroup = kernel.cgroups?.open(options.limits);
    const gvisor = settings.gvisor ?? false;
    if (gvisor && uid === undefined) {
      const { code, message, hint } = GVISOR_NEEDS_ROOT;
      throw new BerthError(code, message, { hint });
    }
    const result = await runInWall({
      ...shared,
      mode,
      runDirectory,
      egressSocket: egress?.path,
      cgroup,
      isVolume,
      gvisor,
    });
    // Nothing is killed by its user id: another platform on this machine may have been given the same ones.
    const contacted = egress?.way.contacted() ?? [];
    const refusedHosts = [...new Set(contacted.filter(({ refused }) => refused).map(({ host }) => host))];
    return { ...result, contacted, refusedHosts };
  } finally {
    await egress?.close();
  }
}

const NOWHERE = { contacted: [], refusedHosts: [] };

interface Way {
  way: Egress;
  /** Where bwrap finds its socket. */
  path: string;
  close(): Promise<void>;
}

async function openWay(
  { settings }: Parts,
  { options, runDirectory, uid }: { options: RunOptions; runDirectory: string; uid: number | undefined },
): Promise<Way> {
  const name = `egress.${nanoid(8)}`;
  // unix(7) allows 108 bytes, and data directories may lie deep: the way by the open folder is always short.
  const folder = await open(runDirectory, "r");
  const way = await openEgress({
    socket: `/proc/self/fd/${folder.fd}/${name}`,
    ...(uid === undefined ? {} : { ownerUid: uid }),
    policy: options.egress,
    ...(options.egressHosts === undefined ? {} : { hosts: options.egressHosts }),
    registries: settings.registries.hosts,
  });
  const close = async () => {
    await way.close();
    await folder.close();
  };
  return { way, path: join(runDirectory, name), close };
}

/** A user namespace where the machine allows it; for root else the wall without one. */
async function findMode(uid: number | undefined): Promise<WallMode> {
  if (uid === undefined || findTool("bwrap") === null) return "user";
  const child = Bun.spawn(
    [...dropPrefix(uid), ...["bwrap", "--unshare-user", "--disable-userns", "--ro-bind", "/", "/", "true"]],
    { env: TOOL_ENVIRONMENT, cwd: "/", stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  return (await child.exited) === 0 ? "user" : "capabilities";
}

function tierOf({ unsafe, gvisor, selfUid }: SandboxSettings, mode: WallMode, kernel: KernelLimits): Sandbox["tier"] {
  if (unsafe) return { level: 0, reason: "BERTH_SANDBOX=none: builds run without a wall" };
  if (selfUid !== 0) {
    return { level: 1, reason: "not root: builds share the platform's user behind the wall, and are watched" };
  }
  const wall = mode === "user" ? "user namespaces" : "root's own mounts, as user namespaces are closed here";
  const memory =
    kernel.cgroups === undefined ? "no cgroups here, so memory is watched" : `limits by ${kernel.cgroups.name}`;
  const disk = kernel.noVolumes === undefined ? "a volume each" : `disk space is watched (${kernel.noVolumes})`;
  if (gvisor) return { level: 3, reason: `BERTH_SANDBOX=gvisor: behind gVisor's own kernel; ${memory}; ${disk}` };
  return { level: 2, reason: `root: a user of its own for each slot, behind a wall of ${wall}; ${memory}; ${disk}` };
}

function countTasks(uid: number): number {
  return processesOf(uid).reduce((sum, { pid }) => sum + threadsOf(pid), 0);
}

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}
