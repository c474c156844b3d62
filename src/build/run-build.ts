import type { Findings } from "../database/deployments.ts";
import { BerthError } from "../model/errors.ts";
import type { EgressPolicy, RunLimits, RunResult, Sandbox } from "../sandbox/sandbox.ts";
import type { HeldDeployment } from "../work/held-deployment.ts";
import type { BuildCache } from "./cache.ts";
import type { BuildPlan } from "./plan/plan.ts";
import type { Tool, Toolchains } from "./toolchain.ts";

interface RunParts {
  sandbox: Sandbox;
  limits: RunLimits;
}

type CommandPlan = BuildPlan & { kind: "build" };

export interface BuildTools {
  node: Tool;
  manager: Tool;
}

/** Full versions by the tool's name. */
export function versionsOf({ node, manager }: BuildTools, plan: CommandPlan): Record<string, string> {
  return { node: node.version, [plan.packageManager.name]: manager.version };
}

/** @throws BerthError `toolchain_unavailable` */
export async function toolsFor(toolchains: Toolchains, plan: CommandPlan): Promise<BuildTools> {
  const node = await toolchains.node(plan.nodeVersion);
  return { node, manager: await toolchains.packageManager({ ...plan.packageManager, node: node.version }) };
}

/** Install, then build, each in the wall. @throws BerthError of the step that failed */
export async function runBuild(
  parts: RunParts,
  held: HeldDeployment,
  { plan, tools, slot, cache }: { plan: CommandPlan; tools: BuildTools; slot: number; cache: BuildCache },
): Promise<{ findings: Findings }> {
  const { log } = held;
  const { node, manager } = tools;
  log.say("install", `Node ${node.version}, ${plan.packageManager.name} ${manager.version}`);
  const run = async (step: "install" | "build", command: readonly string[], folder: string) => {
    log.say(step, `$ ${shown(command)}`);
    const result = await parts.sandbox.run(command, {
      slot,
      cwd: folder === "." ? "/work" : `/work/${folder}`,
      env: plan.env,
      readOnly: [...node.mounts, ...manager.mounts],
      path: [...manager.path, ...node.path],
      egress: plan.egress satisfies EgressPolicy,
      limits: parts.limits,
      signal: held.signal,
      onOutput: (stream, bytes) => log.write(step, stream, bytes),
    });
    log.endLines(step);
    held.signal.throwIfAborted();
    const failure = failureOf(step, result, {
      command: shown(command),
      lastLines: log.lastLines(step, 12),
      limits: parts.limits,
    });
    if (failure) throw failure;
    return Math.round(result.durationMs);
  };
  const install = async (command: readonly string[]) =>
    (await cache.restoreInstall()) ?? (await run("install", command, plan.workspaceRoot));
  const installMs = plan.install === null ? 0 : await install(plan.install);
  await held.advance({ findings: { node: node.version, timings: { installMs } } });
  await cache.restoreWork();
  const buildMs = await run("build", plan.build, plan.root);
  return { findings: { timings: { buildMs } } };
}

/** The command as a person would type it; of the shell's own form only the script. */
function shown(command: readonly string[]): string {
  return command[0] === "/bin/sh" && command[1] === "-c" ? command[2]! : command.join(" ");
}

interface FailureContext {
  command: string;
  lastLines: string[];
  limits: RunLimits;
}

/** What went wrong, told from how the command ended. Pure. */
export function failureOf(
  step: "install" | "build",
  result: RunResult,
  context: FailureContext,
): BerthError | undefined {
  const { limits } = context;
  switch (result.cause) {
    case "canceled":
      return new BerthError("canceled", `The ${step} was stopped.`, { hint: "Deploy again when you want it." });
    case "timeout":
      return new BerthError("build_timeout", `The ${step} took longer than ${limits.wallMs / 1000} s.`, {
        hint: "Look in the log for a command that waits (a watcher, a server, a prompt), or raise BERTH_BUILD_TIMEOUT_SECONDS.",
      });
    case "memory":
      return limit(
        step,
        `ran out of memory (${limits.memoryBytes / 1024 ** 2} MiB)`,
        "Make the build smaller, or raise BERTH_BUILD_MEMORY_MIB.",
      );
    case "processes":
      return limit(step, `reached the process limit (${limits.processes})`, "Run fewer workers at the same time.");
    case "disk":
      return limit(step, "filled its disk space", "Write less, or clean up between the steps.");
    case "log":
      return limit(step, `printed more than ${limits.logBytes / 1024 ** 2} MiB`, "Make the command quieter.");
    case "exit":
      return result.exit === 0 ? undefined : failedCommand(step, result, context);
  }
}

function limit(step: string, what: string, hint: string): BerthError {
  return new BerthError("build_limit", `The ${step} ${what}.`, { hint });
}

function failedCommand(
  step: "install" | "build",
  result: RunResult,
  { command, lastLines }: FailureContext,
): BerthError {
  const hint =
    result.refusedHosts.length > 0
      ? `The network policy refused ${result.refusedHosts.join(", ")}: set egress=public for the project if it needs them.`
      : lastLines.length > 0
        ? `The last lines of its log: ${lastLines
            .slice(-4)
            .join(" / ")
            .replace(/\u001b\[[0-9;]*m/g, "")
            .slice(0, 600)}`
        : "Run the same command in a fresh clone of the repository to see it fail.";
  return new BerthError(
    step === "install" ? "install_failed" : "build_failed",
    `'${command}' ended with status ${result.exit}.`,
    { hint },
  );
}
