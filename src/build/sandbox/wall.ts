import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { nanoid } from "nanoid";
import { BerthError } from "../../model/errors.ts";
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
const BLOCK_FD = 6;

/**
 * Runs one command behind bwrap. Nothing of it runs before the id of its first process is known, and when the promise
 * resolves that process and its whole pid namespace are gone.
 * @throws BerthError `sandbox_unavailable` when bwrap could not set the wall up
 */
export async function runInWall(run: WallRun): Promise<Omit<RunResult, "refusedHosts">> {
  const child = start(run);
  const report = readReport(child);
  const first = report.first.then((id) => {
    // Let it go only now. Nobody listens any more when bwrap has failed meanwhile.
    const gate = descriptor(child, BLOCK_FD) as Writable;
    gate.on("error", () => undefined);
    if (id !== undefined) gate.write("1");
    return id;
  });
  const ended = await supervise(child, { options: run.options, first });
  const status = report.exitCode();
  if (status !== undefined || ended.stopped !== undefined) return resultOf(ended, status ?? null);
  // Neither was it stopped nor did its command end: the first process was killed from outside, or never came so far.
  if (ended.oomKilled && ended.status !== 1) return resultOf(ended, null);
  throw new BerthError("sandbox_unavailable", `bwrap could not set the sandbox up: ${lastLine(ended.errorTail)}`, {
    hint: "Run 'berth doctor': it tries the sandbox and says what this machine lacks.",
  });
}

function start(run: WallRun): ChildProcess {
  const [argumentsFile, seccomp] = [openArguments(run), openSync(run.runtime.seccomp, "r")];
  try {
    return spawn(...commandLine(run), {
      env: TOOL_ENVIRONMENT,
      cwd: "/",
      stdio: ["ignore", "pipe", "pipe", argumentsFile, seccomp, "pipe", "pipe"],
    });
  } finally {
    closeSync(argumentsFile);
    closeSync(seccomp);
  }
}

/** By descriptor: what stands in a command line is seen by every user of the machine, values of variables too. */
function openArguments(run: WallRun): number {
  const path = join(run.runDirectory, `arguments.${nanoid(8)}`);
  try {
    writeFileSync(
      path,
      profileArguments(run)
        .map((argument) => `${argument}\0`)
        .join(""),
      { mode: 0o600 },
    );
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
    ...["--json-status-fd", String(STATUS_FD), "--block-fd", String(BLOCK_FD)],
  ];
  const inside = insideCommand(run.command, run);
  const [program, ...rest] =
    mode === "user"
      ? [...limits, ...drop, "bwrap", ...descriptors, "--", ...inside]
      : [...limits, "bwrap", ...descriptors, "--", ...drop, ...inside];
  return [program!, rest];
}

interface Report {
  /** The first process of the pid namespace; undefined when bwrap ended before there was one. */
  first: Promise<ProcessId | undefined>;
  /** The command's status; undefined when it did not end by itself. */
  exitCode(): number | undefined;
}

/** bwrap(1), --json-status-fd: one JSON document a line, with `child-pid` first and `exit-code` at the end. */
function readReport(child: ChildProcess): Report {
  const first = Promise.withResolvers<ProcessId | undefined>();
  let text = "";
  let exitCode: number | undefined;
  descriptor(child, STATUS_FD).on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const document = JSON.parse(line) as { "child-pid"?: number; "exit-code"?: number };
      if (document["child-pid"] !== undefined) first.resolve(identify(document["child-pid"]));
      exitCode ??= document["exit-code"];
    }
  });
  child.once("close", () => first.resolve(undefined));
  child.once("error", () => first.resolve(undefined));
  return { first: first.promise, exitCode: () => exitCode };
}

/** The types of node know of five only. */
const descriptor = (child: ChildProcess, fd: number) => (child.stdio as unknown as (Readable | Writable)[])[fd]!;

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";
