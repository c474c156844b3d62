import { existsSync } from "node:fs";
import type { Findings } from "../database/deployments.ts";
import { type ContactedHost, sumContacted } from "../model/contacted-host.ts";
import { stepMs } from "../model/deployment.ts";
import type { EgressPolicy, RunLimits, Sandbox } from "../sandbox/sandbox.ts";
import type { HeldDeployment } from "../work/held-deployment.ts";
import type { BuildCache } from "./cache.ts";
import { failureOf, isStaleLockfile } from "./explain-failure.ts";
import { needlessLines } from "./needless-lines.ts";
import { commandLine, isLine } from "./plan/commands.ts";
import type { BuildPlan } from "./plan/plan.ts";
import type { Tool, Toolchains } from "./toolchain.ts";
import type { BuildVariables } from "./variables.ts";

interface RunParts {
  sandbox: Sandbox;
  limits: RunLimits;
}

type CommandPlan = BuildPlan & { kind: "build" };

export interface BuildTools {
  node: Tool;
  manager: Tool;
  /** These two and what scripts call beside them, in the order of the PATH. */
  all: readonly Tool[];
  /** Full versions by name. */
  versions: Readonly<Record<string, string>>;
}

/** @throws BerthError `toolchain_unavailable` */
export async function toolsFor(toolchains: Toolchains, plan: CommandPlan): Promise<BuildTools> {
  const node = await toolchains.node(plan.nodeVersion);
  const managers = [plan.packageManager, ...plan.otherManagers];
  const found = await Promise.all(
    managers.map((wanted) => toolchains.packageManager({ ...wanted, node: node.version })),
  );
  const versions = Object.fromEntries(managers.map(({ name }, index) => [name, found[index]!.version]));
  const all = [...found, node, await toolchains.standIns()];
  return { node, manager: found[0]!, all, versions: { ...versions, node: node.version } };
}

interface BuildInput {
  plan: CommandPlan;
  tools: BuildTools;
  slot: number;
  /** What the project declares. */
  variables: BuildVariables;
  /** What hosts tell every build, by their names. */
  hostVariables: Readonly<Record<string, string>>;
  cache: BuildCache;
  /** Milliseconds in which an earlier install came back; undefined: install. */
  restoredMs: number | undefined;
}

/** Install, then build, each in the wall. @throws BerthError of the step that failed */
export async function runBuild(
  parts: RunParts,
  held: HeldDeployment,
  { plan, tools, slot, variables, hostVariables, cache, restoredMs }: BuildInput,
): Promise<{ findings: Findings; warnings: string[]; keptToLock: boolean }> {
  const { log } = held;
  const warnings: string[] = [];
  const { node, manager } = tools;
  const [nodeFrom, managerFrom] = [plan.resolved.node_version?.from, plan.resolved.package_manager?.from];
  log.say(
    "install",
    `Node ${node.version} (${nodeFrom}), ${plan.packageManager.name} ${manager.version} (${managerFrom})`,
  );
  for (const { warning } of tools.all) if (warning !== undefined) log.say("install", `Warning: ${warning}`);
  // The fetch of the source has asked for some already.
  let contacted: readonly ContactedHost[] = held.view.contacted;
  const run = async (step: "install" | "build", command: readonly string[], folder: string): Promise<number> => {
    log.beginCommand(needlessLines());
    log.say(step, `$ ${commandLine(command)}`);
    const result = await parts.sandbox.run(inMachinesShell(command), {
      slot,
      cwd: folder === "." ? "/work" : `/work/${folder}`,
      env: { ...hostVariables, ...(step === "install" ? forInstall(plan.env) : plan.env), ...variables[step] },
      readOnly: tools.all.flatMap(({ mounts }) => mounts),
      path: [...(isLine(command) ? packagePrograms(folder) : []), ...tools.all.flatMap(({ path }) => path)],
      egress: plan.egress satisfies EgressPolicy,
      node: node.version,
      registries: plan.registries,
      limits: parts.limits,
      signal: held.signal,
      onOutput: (stream, bytes) => log.write(step, stream, bytes),
    });
    log.endLines(step);
    if (result.cause === "log")
      log.say(step, `The log ends here: its limit is ${parts.limits.logBytes / 1024 ** 2} MiB.`);
    held.signal.throwIfAborted();
    // A build can put a secret into the name of a host.
    const named = result.contacted.map((contact) => ({ ...contact, host: log.masked(contact.host) }));
    contacted = sumContacted([contacted, named]);
    if (contacted.length > 0) await held.advance({ findings: { contacted: [...contacted] } });
    const context = {
      command: commandLine(command),
      lastLines: log.lastLines(step, 200),
      limits: parts.limits,
      egress: plan.egress,
      registries: plan.registries,
      manager: plan.packageManager.name,
      node: node.version,
    };
    const loose = command === plan.install ? plan.looseInstall : null;
    if (loose !== null && isStaleLockfile(result, context)) {
      warnings.push(staleWarning(loose));
      log.say(step, `Warning: ${staleWarning(loose)}`);
      await held.advance({ findings: { warnings: [...plan.warnings, ...warnings] } });
      return Math.round(result.durationMs) + (await run(step, loose.command, folder));
    }
    const failure = failureOf(step, result, context);
    if (failure) throw failure;
    return Math.round(result.durationMs);
  };
  if (restoredMs !== undefined) log.say("install", NOT_INSTALLED);
  const install = async () => (plan.install === null ? 0 : await run("install", plan.install, plan.workspaceRoot));
  const installMs = restoredMs ?? (await install());
  await held.advance({ findings: { node: node.version, timings: { installMs: stepMs(installMs) } } });
  await cache.restoreWork();
  const buildMs = await run("build", plan.build, plan.root);
  return { findings: { timings: { buildMs: stepMs(buildMs) } }, warnings, keptToLock: warnings.length === 0 };
}

/** NODE_ENV=production of a netlify.toml is meant for the build: package managers would leave out what builds. */
function forInstall({ NODE_ENV: _, ...env }: Readonly<Record<string, string>>): Record<string, string> {
  return env;
}

const BASH = "/bin/bash";

const NOT_INSTALLED =
  "Not installed again: lockfile, package.json, tools and settings are those of an earlier install.";

function staleWarning({ command, lockfile }: NonNullable<CommandPlan["looseInstall"]>): string {
  return `${lockfile} does not fit package.json: it is installed with '${commandLine(command)}', which may bring other versions than were tried. Run it in the repository and commit ${lockfile}.`;
}

/** Other hosts run lines of a configuration file in bash, and people write them for it; it is no part of every system. */
function inMachinesShell(command: readonly string[]): readonly string[] {
  return isLine(command) && existsSync(BASH) ? [BASH, ...command.slice(1)] : command;
}

/** People write `eleventy` there as in a script: on other hosts, too, such a line finds the programs of packages. */
function packagePrograms(folder: string): string[] {
  const parts = folder === "." ? [] : folder.split("/");
  const upwards = [...parts.keys(), parts.length].reverse();
  return upwards.map((depth) => ["/work", ...parts.slice(0, depth), "node_modules/.bin"].join("/"));
}
