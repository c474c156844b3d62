import { BerthError, type ErrorCode } from "../model/errors.ts";
import type { EgressPolicy, RunLimits, RunResult } from "../sandbox/sandbox.ts";
import { BUILD_CAUSES } from "./explain/build-causes.ts";
import type { Cause, Explain, FailedCommand } from "./explain/cause.ts";
import { INSTALL_CAUSES } from "./explain/install-causes.ts";
import { plainLines, relevantLines, tellingLines } from "./explain/log-lines.ts";
import { networkCause, refusalCause } from "./explain/network-cause.ts";
import { NODE_CAUSES } from "./explain/node-causes.ts";

export interface FailureContext {
  /** As a person would type it. */
  command: string;
  /** The end of the command's log, as it came; some hundred lines serve best. */
  lastLines: readonly string[];
  limits: RunLimits;
  egress: EgressPolicy;
  /** URLs of default registries that the repository's files name. */
  registries?: readonly string[];
  /** Name of the package manager. */
  manager: string;
  /** Full version of the Node that it ran on. */
  node: string;
}

/**
 * What went wrong, told from how a command ended and what it printed; undefined when it went well. Pure.
 *
 * The message holds the step and the cause; the hint what to do, the command with its status, and the lines of its log
 * that tell most.
 */
export function failureOf(
  step: "install" | "build",
  result: Pick<RunResult, "cause" | "exit" | "refusedHosts">,
  context: FailureContext,
): BerthError | undefined {
  const { limits } = context;
  switch (result.cause) {
    case "canceled":
      return new BerthError("canceled", `The ${step} was stopped.`, { hint: "Deploy again when you want it." });
    case "timeout":
      return new BerthError("build_timeout", `The ${step} took longer than ${limits.wallMs / 1000} s.`, {
        hint: withLog(
          "Look in the log for a command that waits (a watcher, a server, a prompt), or raise BERTH_BUILD_TIMEOUT_SECONDS.",
          {
            ended: unreachedHosts(result.refusedHosts),
            lines: plainLines(context.lastLines).slice(-3),
          },
        ),
      });
    case "memory":
      return limit(step, `ran out of memory (${mib(limits.memoryBytes)} MiB)`, MORE_MEMORY);
    case "processes":
      return limit(
        step,
        `reached the process limit (${limits.processes})`,
        "Run fewer workers at the same time, or raise BERTH_BUILD_PROCESSES.",
      );
    case "disk":
      return limit(
        step,
        `filled its disk space (${mib(limits.diskBytes)} MiB)`,
        "Write less to the work folder and to /tmp (256 MiB), or raise BERTH_BUILD_DISK_MIB.",
      );
    case "log":
      return limit(
        step,
        `printed more than ${mib(limits.logBytes)} MiB`,
        "Make the command quieter, or raise BERTH_BUILD_LOG_MIB.",
      );
    case "exit":
      return result.exit === 0 ? undefined : failedCommand(step, result, context);
  }
}

/** Whether an install came to nothing for no other reason than a lockfile that does not fit package.json. Pure. */
export function isStaleLockfile(
  result: Pick<RunResult, "cause" | "exit" | "refusedHosts">,
  context: FailureContext,
): boolean {
  if (result.cause !== "exit" || result.exit === 0) return false;
  return causeOf(failedBy("install", result, context))?.isStaleLockfile === true;
}

const MORE_MEMORY = "Make the build smaller, or raise BERTH_BUILD_MEMORY_MIB.";

const mib = (bytes: number): number => Math.round(bytes / 1024 ** 2);

function limit(step: string, what: string, hint: string): BerthError {
  return new BerthError("build_limit", `The ${step} ${what}.`, { hint });
}

/** V8's own words, the kernel's, and the statuses of a process that SIGABRT or SIGKILL ended. */
const outOfMemory: Explain = ({ text, exit, limits }) => {
  const heap = /heap out of memory|Reached heap limit|Ineffective mark-compacts near heap limit/.test(text);
  const killed =
    exit === 134 ||
    exit === 137 ||
    /\bSIGKILL\b|exit code:? 137\b|std::bad_alloc|Cannot allocate memory|\bENOMEM\b/.test(text);
  if (!heap && !killed) return undefined;
  return {
    what: heap
      ? "Node's heap was full"
      : `it was killed, most likely for want of memory (it may use ${mib(limits.memoryBytes)} MiB)`,
    next: heap
      ? "Raise BERTH_BUILD_MEMORY_MIB: Node's heap may take four fifths of it. Where the build sets --max-old-space-size itself, raise that, too."
      : MORE_MEMORY,
    code: "build_limit",
  };
};

/** In this order: what a log says most plainly comes first. */
function causeOf(failed: FailedCommand): Cause | undefined {
  const own =
    failed.step === "install"
      ? [INSTALL_CAUSES, NODE_CAUSES, BUILD_CAUSES]
      : [NODE_CAUSES, BUILD_CAUSES, INSTALL_CAUSES];
  for (const explain of [outOfMemory, networkCause, ...own.flat()]) {
    const cause = explain(failed);
    if (cause !== undefined) return cause;
  }
  return refusalCause(failed);
}

function failedBy(
  step: "install" | "build",
  { exit, refusedHosts }: Pick<RunResult, "exit" | "refusedHosts">,
  { lastLines, ...context }: FailureContext,
): FailedCommand {
  const lines = plainLines(lastLines);
  return { ...context, step, exit, lines, text: lines.join("\n"), refusedHosts };
}

function failedCommand(
  step: "install" | "build",
  result: Pick<RunResult, "exit" | "refusedHosts">,
  context: FailureContext,
): BerthError {
  const failed = failedBy(step, result, context);
  const { command, exit, lines, refusedHosts } = failed;
  const cause = causeOf(failed);
  const status = `'${command.slice(0, 200)}' ended with status ${exit}.`;
  const code: ErrorCode = cause?.code ?? (step === "install" ? "install_failed" : "build_failed");
  const message = cause ? `The ${step} failed: ${cause.what}.` : `The ${step} failed: ${status}`;
  const next = cause?.next ?? "Run the same command in a fresh clone of the repository to see it fail.";
  const refused = cause?.code === "network_refused" ? "" : unreachedHosts(refusedHosts);
  const ended = [cause ? status : "", refused].filter(Boolean).join(" ");
  return new BerthError(code, message, { hint: withLog(next, { ended, lines: relevantLines(lines) }) });
}

/**
 * What a build's log says of errors, in the hint of a build that ended well and wrote no site: some tools fail so. Other
 * errors, and a log that tells of none, leave it as it is. Pure.
 */
export function withErrorsOf(lastLines: readonly string[], thrown: unknown): unknown {
  if (!(thrown instanceof BerthError) || thrown.code !== "output_missing") return thrown;
  const lines = tellingLines(plainLines(lastLines));
  if (lines.length === 0) return thrown;
  return new BerthError(thrown.code, thrown.message, { hint: withLog(thrown.hint ?? "", { ended: "", lines }) });
}

function unreachedHosts(hosts: readonly string[]): string {
  return hosts.length === 0 ? "" : `The network policy refused ${hosts.slice(0, 5).join(", ")}.`;
}

function withLog(next: string, { ended, lines }: { ended: string; lines: readonly string[] }): string {
  const log = lines.length === 0 ? [] : ["From its log:", ...lines.map((line) => `  ${line.trim()}`)];
  return [next, ...(ended === "" ? [] : [ended]), ...log].join("\n");
}
