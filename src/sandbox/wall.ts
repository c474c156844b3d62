import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Duplex, Writable } from "node:stream";
import { nanoid } from "nanoid";
import { BerthError } from "../model/errors.ts";
import { type RunCgroup, removeCgroups } from "./cgroup.ts";
import { openGuard } from "./guard.ts";
import { type Bundle, GATE_ARGUMENTS, makeBundle } from "./gvisor.ts";
import { dropPrefix, limitPrefix, TOOL_ENVIRONMENT, trustedPrefix } from "./launch.ts";
import { writeRecord } from "./leftovers.ts";
import { identify, kill, type ProcessId } from "./process-tree.ts";
import { environmentScript, insideCommand, type ProfileInput, profileArguments, WITH_ENVIRONMENT } from "./profile.ts";
import { feed, openStdin } from "./stdin.ts";
import { type Ending, resultOf, supervise } from "./supervise.ts";

export interface WallRun extends ProfileInput {
  command: readonly string[];
  /** The slot's user; undefined when the platform is not root. */
  uid: number | undefined;
  runDirectory: string;
  cgroup: RunCgroup | undefined;
  /** What the slot's folders lie in, and whether that is a volume. */
  disk: string;
  isVolume: boolean;
  /** The wall is gVisor's, with bwrap as the gate before it. Needs root. */
  gvisor: boolean;
  /** Tasks of this process's own user, which RLIMIT_NPROC counts too when the builds share it. */
  tasksOfOthers: number;
}

// Descriptors that bwrap gets, beside ENVIRONMENT_FD.
const ARGUMENTS_FD = 3;
const SECCOMP_FD = 4;
const STATUS_FD = 5;
const BLOCK_FD = 6;
const READY_FD = 7;

/**
 * The last gate, inside. A platform that is killed while bwrap is still at work leaves it behind: it binds its life to
 * its parent's late, and takes the end of `--block-fd` for leave to go on. So nothing begins but by an answer, which
 * the dead don't give. When a command asks for it, bwrap's two processes are bound already.
 */
const ASKS_FIRST = [
  "/bin/sh",
  "-c",
  `echo >&${READY_FD}; read -r go <&${READY_FD} || exit 126; exec "$@" ${READY_FD}<&-`,
  "sh",
];

/**
 * Runs one command behind bwrap. When the promise resolves, its first process and with it its whole pid namespace are
 * gone, and its control groups are empty.
 * @throws BerthError `sandbox_unavailable` when bwrap could not set the wall up
 */
export async function runInWall(run: WallRun): Promise<Ending> {
  const statusPath = join(run.runDirectory, `status.${nanoid(8)}`);
  let record: string | undefined;
  let bundle: Bundle | undefined;
  try {
    if (run.gvisor && run.uid !== undefined) bundle = makeBundle({ ...run, uid: run.uid });
    const child = start(run, statusPath, bundle);
    answerWhenAsked(child);
    feed(child, run.options);
    let unplaced: unknown;
    const first = findFirst(child, statusPath).then((id) => {
      if (id === undefined) return undefined;
      try {
        record = writeRecord(run.runDirectory, { first: id, cgroups: run.cgroup?.folders ?? [] });
        letGo(child, id, run.cgroup);
      } catch (error) {
        unplaced = error;
        kill(id);
      }
      return id;
    });
    const guard = openGuard({ ...run, limits: run.options.limits });
    const ended = await supervise(child, { options: run.options, first, guard });
    if (unplaced !== undefined && ended.stopped === undefined) throw unplaced;
    const status = readReport(statusPath).exitCode;
    if (status !== undefined || ended.stopped !== undefined) return resultOf(ended, status ?? null);
    // Neither was it stopped nor did its command end: something was killed from outside, or it never came so far.
    if (ended.oomKilled && ended.status !== 1) return resultOf(ended, null);
    throw new BerthError(
      "sandbox_unavailable",
      `bwrap could not set the sandbox up (status ${ended.status}): ${lastLine(ended.errorTail)}`,
      {
        hint: "Run 'berth doctor': it tries the sandbox and says what this machine lacks.",
      },
    );
  } finally {
    if (run.cgroup !== undefined) await removeCgroups(run.cgroup.folders);
    bundle?.remove();
    for (const path of [statusPath, record]) if (path !== undefined) rmSync(path, { force: true });
  }
}

/**
 * bwrap has made the namespaces and waits (bwrap(1), --block-fd): the first process goes into the control groups
 * before the command is there, and all that come from it are born in them.
 */
function letGo(child: ChildProcess, first: ProcessId, cgroup: RunCgroup | undefined): void {
  try {
    cgroup?.place(first.pid);
  } catch (error) {
    throw new BerthError("sandbox_unavailable", `A build can't be put into its control group: ${String(error)}`, {
      hint: "Run 'berth doctor': it tries the sandbox and says what this machine lacks.",
      cause: error,
    });
  }
  const gate = (child.stdio as readonly unknown[])[BLOCK_FD] as Writable;
  // It may have been killed meanwhile.
  gate.on("error", () => undefined);
  gate.end("go");
}

function answerWhenAsked(child: ChildProcess): void {
  const gate = (child.stdio as readonly unknown[])[READY_FD] as Duplex;
  // It may have been killed meanwhile.
  gate.on("error", () => undefined);
  gate.once("data", () => gate.end("go\n"));
}

function start(run: WallRun, statusPath: string, bundle: Bundle | undefined): ChildProcess {
  const stdin = openStdin(run.options);
  // The filter as a file of the run's own: by that bwrap is known until the command begins (`leftovers.ts`).
  const filter = openUnnamed(run, readFileSync(run.runtime.seccomp));
  const files = [openArguments(run, bundle), filter, openSync(statusPath, "ax", 0o600)];
  const environment =
    bundle === undefined && run.mode === "capabilities" ? [openUnnamed(run, environmentScript(run))] : [];
  try {
    return spawn(...(bundle === undefined ? commandLine(run) : gateLine(run, bundle)), {
      env: TOOL_ENVIRONMENT,
      cwd: "/",
      stdio: [stdin, "pipe", "pipe", ...files, "pipe", "pipe", ...environment],
    });
  } finally {
    for (const file of [stdin, ...files, ...environment]) if (file !== "pipe") closeSync(file);
  }
}

/** By descriptor: what stands in a command line is seen by every user of the machine, values of variables too. */
function openArguments(run: WallRun, bundle: Bundle | undefined): number {
  const text = (bundle === undefined ? profileArguments(run) : GATE_ARGUMENTS).map((argument) => `${argument}\0`);
  return openUnnamed(run, text.join(""));
}

/** A file without a name. */
function openUnnamed({ runDirectory }: WallRun, content: string | Uint8Array): number {
  const path = join(runDirectory, `unnamed.${nanoid(8)}`);
  try {
    writeFileSync(path, content, { mode: 0o600 });
    return openSync(path, "r");
  } finally {
    rmSync(path, { force: true });
  }
}

const GATE_DESCRIPTORS = [
  "--args",
  String(ARGUMENTS_FD),
  "--json-status-fd",
  String(STATUS_FD),
  "--block-fd",
  String(BLOCK_FD),
];

const hasWeight = (run: WallRun): boolean => run.cgroup?.hasWeight ?? false;

/** runsc brings a system-call filter of its own. */
function gateLine(run: WallRun, { command }: Bundle): [string, string[]] {
  const [program, ...rest] = [
    ...trustedPrefix({ hasWeight: hasWeight(run) }),
    "bwrap",
    ...GATE_DESCRIPTORS,
    "--",
    ...ASKS_FIRST,
    ...command,
  ];
  return [program!, rest];
}

function commandLine(run: WallRun): [string, string[]] {
  const { mode, uid, options } = run;
  const limits = limitPrefix(options.limits, { ...run, hasWeight: hasWeight(run) });
  const drop = uid === undefined ? [] : dropPrefix(uid);
  const descriptors = [...GATE_DESCRIPTORS, "--seccomp", String(SECCOMP_FD)];
  const inside = insideCommand(run.command, run);
  const [program, ...rest] =
    mode === "user"
      ? [...limits, ...drop, "bwrap", ...descriptors, "--", ...ASKS_FIRST, ...inside]
      : [...limits, "bwrap", ...descriptors, "--", ...ASKS_FIRST, ...drop, ...WITH_ENVIRONMENT, ...inside];
  return [program!, rest];
}

/** The first process of the pid namespace; undefined when bwrap ended before there was one. */
async function findFirst(child: ChildProcess, statusPath: string): Promise<ProcessId | undefined> {
  let over = false;
  const end = () => {
    over = true;
  };
  child.once("exit", end);
  child.once("error", end);
  for (;;) {
    const wasOver = over;
    const { firstPid } = readReport(statusPath);
    if (firstPid !== undefined) return identify(firstPid);
    if (wasOver) return undefined;
    await Bun.sleep(1);
  }
}

interface Report {
  firstPid?: number;
  /** The command's status; absent when it did not end by itself. */
  exitCode?: number;
}

/** bwrap(1), --json-status-fd: one JSON document a line, with `child-pid` first and `exit-code` at the end. */
function readReport(statusPath: string): Report {
  const lines = readFileSync(statusPath, "latin1").split("\n").slice(0, -1);
  const documents = lines.map((line) => JSON.parse(line) as { "child-pid"?: number; "exit-code"?: number });
  return {
    firstPid: documents.find((document) => document["child-pid"] !== undefined)?.["child-pid"],
    exitCode: documents.find((document) => document["exit-code"] !== undefined)?.["exit-code"],
  };
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";
