import type { Findings } from "../database/deployments.ts";
import type { EgressPolicy, RunLimits, Sandbox } from "../sandbox/sandbox.ts";
import type { HeldDeployment } from "../work/held-deployment.ts";
import { failureOf } from "./explain-failure.ts";
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

/** @throws BerthError `toolchain_unavailable` */
export async function toolsFor(toolchains: Toolchains, plan: CommandPlan): Promise<BuildTools> {
  const node = await toolchains.node(plan.nodeVersion);
  return { node, manager: await toolchains.packageManager({ ...plan.packageManager, node: node.version }) };
}

/** Install, then build, each in the wall. @throws BerthError of the step that failed */
export async function runBuild(
  parts: RunParts,
  held: HeldDeployment,
  { plan, tools, slot }: { plan: CommandPlan; tools: BuildTools; slot: number },
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
    if (result.cause === "log")
      log.say(step, `The log ends here: its limit is ${parts.limits.logBytes / 1024 ** 2} MiB.`);
    held.signal.throwIfAborted();
    const failure = failureOf(step, result, {
      command: shown(command),
      lastLines: log.lastLines(step, 200),
      limits: parts.limits,
      egress: plan.egress,
      manager: plan.packageManager.name,
      node: node.version,
    });
    if (failure) throw failure;
    return Math.round(result.durationMs);
  };
  const installMs = plan.install === null ? 0 : await run("install", plan.install, plan.workspaceRoot);
  await held.advance({ findings: { node: node.version, timings: { installMs } } });
  const buildMs = await run("build", plan.build, plan.root);
  return { findings: { timings: { buildMs } } };
}

/** The command as a person would type it; of the shell's own form only the script. */
function shown(command: readonly string[]): string {
  return command[0] === "/bin/sh" && command[1] === "-c" ? command[2]! : command.join(" ");
}
