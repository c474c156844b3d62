import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nanoid } from "nanoid";
import { BerthError } from "../model/errors.ts";
import { dropPrefix, limitPrefix, TOOL_ENVIRONMENT } from "./launch.ts";
import { identify, type ProcessId } from "./process-tree.ts";
import { insideCommand, type ProfileInput, profileArguments } from "./profile.ts";
import type { RunResult } from "./sandbox.ts";
import { resultOf, supervise } from "./supervise.ts";

export interface WallRun extends ProfileInput {
  command: readonly string[];
  /** The slot's user; undefined when the platform is not root. */
  uid: number | undefined;
  runDirectory: string;
  /** Tasks of this process's own user, which RLIMIT_NPROC counts too when the builds share it. */
  tasksOfOthers: number;
}

// Descriptors that bwrap gets.
const ARGUMENTS_FD = 3;
const SECCOMP_FD = 4;
const STATUS_FD = 5;

/**
 * Runs one command behind bwrap. When the promise resolves, its first process and with it its whole pid namespace are
 * gone.
 * @throws BerthError `sandbox_unavailable` when bwrap could not set the wall up
 */
export async function runInWall(run: WallRun): Promise<Omit<RunResult, "refusedHosts">> {
  const statusPath = join(run.runDirectory, `status.${nanoid(8)}`);
  try {
    const child = start(run, statusPath);
    const first = findFirst(child, statusPath);
    const ended = await supervise(child, { options: run.options, first });
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
    rmSync(statusPath, { force: true });
  }
}

function start(run: WallRun, statusPath: string): ChildProcess {
  const stdin = openSync(run.options.stdin ?? "/dev/null", "r");
  const files = [openArguments(run), openSync(run.runtime.seccomp, "r"), openSync(statusPath, "ax", 0o600)];
  try {
    return spawn(...commandLine(run), {
      env: TOOL_ENVIRONMENT,
      cwd: "/",
      stdio: [stdin, "pipe", "pipe", ...files],
    });
  } finally {
    for (const file of [stdin, ...files]) closeSync(file);
  }
}

/** By descriptor: what stands in a command line is seen by every user of the machine, values of variables too. */
function openArguments(run: WallRun): number {
  const path = join(run.runDirectory, `arguments.${nanoid(8)}`);
  const text = profileArguments(run).map((argument) => `${argument}\0`);
  try {
    writeFileSync(path, text.join(""), { mode: 0o600 });
    return openSync(path, "r");
  } finally {
    rmSync(path, { force: true });
  }
}

function commandLine(run: WallRun): [string, string[]] {
  const { mode, uid, options } = run;
  const limits = limitPrefix(options.limits, run);
  const drop = uid === undefined ? [] : dropPrefix(uid);
  const descriptors = [
    ...["--args", String(ARGUMENTS_FD), "--seccomp", String(SECCOMP_FD)],
    ...["--json-status-fd", String(STATUS_FD)],
  ];
  const inside = insideCommand(run.command, run);
  const [program, ...rest] =
    mode === "user"
      ? [...limits, ...drop, "bwrap", ...descriptors, "--", ...inside]
      : [...limits, "bwrap", ...descriptors, "--", ...drop, ...inside];
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
