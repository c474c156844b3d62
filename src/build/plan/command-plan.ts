import { posix } from "node:path";
import { BerthError } from "../../model/errors.ts";
import { isPublicMirror } from "../../sandbox/registries.ts";
import { type BuildChoice, buildCommand } from "./build-command.ts";
import { buildEnvironment } from "./build-environment.ts";
import { commandLine, inSandboxShell, installCommand, isYarnOne, looseInstallCommand } from "./commands.ts";
import { NEVER_ALONE } from "./detect.ts";
import { findSites } from "./find-sites.ts";
import { FRAMEWORKS, SERVERS_OF_HOSTS, USUAL_OUTPUTS } from "./frameworks.ts";
import { isTemplate, siteGenerator } from "./generators.ts";
import { namedRegistries } from "./named-registries.ts";
import { majorOfNode, wishedNode } from "./node-version.ts";
import { nxOutputs } from "./nx.ts";
import { type ChosenManager, choosePackageManager, fittingManager, type ManagerChoice } from "./package-manager.ts";
import type { BuildPlan, Planning } from "./plan.ts";
import { enteredFolders, managersCalled, outputFlags } from "./script-text.ts";
import { COMPILED, otherServer, serverHint } from "./servers.ts";
import type { SourceFiles } from "./source-files.ts";

/** Installs, builds, and publishes what was written. */
export async function commandPlan(planning: Planning, choice: BuildChoice): Promise<BuildPlan> {
  const { files, root, settings, hostFiles, packageJson, resolvedRoot } = planning;
  const manager = await choosePackageManager(files, root);
  const { workspaceRoot } = manager;
  const declared = Object.assign({}, ...hostFiles.map(({ env }) => env).reverse()) as Record<string, string>;
  const env = { variables: declared, from: hostFiles[0]?.from ?? "" };
  assertFits(env);
  const wished = { root, workspaceRoot, settings, packageJson: packageJson ?? {}, manager: manager.manager, env };
  const { node, warnings: nodeWarnings } = await wishedNode(files, wished);
  const fitting = fittingManager(manager.manager, majorOfNode(node.value));
  const install = chooseInstall(planning, { manager, declared });
  const hasOwnRegistry = await namesRegistry(files, [root, workspaceRoot]);
  const build = await buildCommand(planning, { choice, manager });
  const outputs = await chooseOutputs(planning, choice);
  const framework = choice.framework ?? null;
  const rule = framework === null ? undefined : FRAMEWORKS[framework];
  const other = otherServer(files, root);
  const server = rule === undefined ? serverHint(packageJson ?? {}) : undefined;
  const makesSite = framework !== null && !NEVER_ALONE.has(framework);
  const generator = makesSite ? undefined : await siteGenerator(files, root);
  return {
    kind: "build",
    root,
    framework,
    packageManager: fitting.manager,
    otherManagers: await otherManagers(planning, { manager, lines: [choice.text, install.line] }),
    workspaceRoot,
    registries: await namedRegistries(files, root),
    lockfileWithHosts: hasOwnRegistry ? null : lockfileWithHosts(files, manager),
    nodeVersion: node.value,
    install: install.command,
    looseInstall: install.loose,
    build: build.command,
    outputCandidates: outputs.candidates,
    serverOutputs: [
      ...(other ? [other.file] : []),
      ...(rule?.server ? [...rule.server, ...SERVERS_OF_HOSTS] : server ? COMPILED : []),
    ],
    outputHint: other?.hint ?? rule?.hint ?? server ?? generator ?? (makesSite ? null : await hintOfSites(files, root)),
    env: buildEnvironment({
      framework: choice.framework,
      packageJson: packageJson ?? {},
      nodeVersion: node.value,
      manager: manager.manager,
      declared,
    }),
    egress: settings.egress ?? "registry",
    resolved: {
      root: resolvedRoot,
      framework: { value: framework, from: settings.framework ? "project settings" : "detected" },
      package_manager: { value: manager.manager.name, from: manager.from },
      node_version: node,
      install_command: { value: install.command && commandLine(install.command), from: install.from },
      build_command: { value: build.value, from: build.from },
      output_directory: { value: outputs.candidates[0] ?? null, from: outputs.from },
    },
    warnings: [
      ...planning.warnings,
      ...(generator === undefined ? [] : [`${generator} Here '${build.value}' alone is run.`]),
      ...nodeWarnings,
      ...(framework === "hugo" && declared.HUGO_VERSION !== undefined
        ? [
            `HUGO_VERSION asks for Hugo ${declared.HUGO_VERSION.slice(0, 20)}; the Hugo of the builder's machine is used.`,
          ]
        : []),
      ...fitting.warnings,
      ...(install.keepsLock ? manager.warnings : []),
    ],
  };
}

/** Beside those of the project and of the platform, within what execve(2) takes (some 2 MB). */
const VARIABLES_MAX = 1000;
const VARIABLE_MAX_BYTES = 64 * 1024;
const VARIABLES_MAX_BYTES = 256 * 1024;

/** @throws BerthError `build_limit` */
function assertFits({ variables, from }: { variables: Record<string, string>; from: string }): void {
  const sizes = Object.entries(variables).map(([name, value]) => Buffer.byteLength(name + value));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const isFitting = sizes.every((size) => size <= VARIABLE_MAX_BYTES) && total <= VARIABLES_MAX_BYTES;
  if (isFitting && sizes.length <= VARIABLES_MAX) return;
  throw new BerthError("build_limit", `${from} sets too many or too large variables for a build.`, {
    hint: `They may be ${VARIABLES_MAX}, of at most ${VARIABLE_MAX_BYTES / 1024} KiB each and ${VARIABLES_MAX_BYTES / 1024} KiB together. Keep larger values in files.`,
  });
}

const NAMES_REGISTRY = /^[^#;]*(?:registry|install\.scopes)/i;

/** The repository says where its packages come from, as in `@scope:registry=…`: then that is left alone. */
async function namesRegistry(files: SourceFiles, folders: readonly string[]): Promise<boolean> {
  const names = [".npmrc", ".yarnrc", "bunfig.toml"];
  const texts = await Promise.all(folders.flatMap((folder) => names.map((name) => files.text(folder, name))));
  const lines = texts.flatMap((text) => (text ?? "").split("\n")).filter((line) => NAMES_REGISTRY.test(line));
  return lines.some((line) => !isPublicMirror(/https?:\/\/[^\s"']+/.exec(line)?.[0] ?? ""));
}

function lockfileWithHosts(files: SourceFiles, { manager, lockfile, workspaceRoot }: ManagerChoice): string | null {
  const isOfYarnOne = lockfile === "yarn.lock" && isYarnOne(manager.version);
  const isText = lockfile === "bun.lock" || manager.name === "npm";
  return lockfile !== undefined && (isOfYarnOne || isText) ? files.join(workspaceRoot, lockfile) : null;
}

/** A script may call another package manager than the one that installs; npm is always there, with Node. */
async function otherManagers(
  { files, root }: Planning,
  { manager, lines }: { manager: ManagerChoice; lines: readonly string[] },
): Promise<ChosenManager[]> {
  const found = new Set(lines.flatMap(managersCalled));
  for (const folder of new Set([root, manager.workspaceRoot])) {
    const scripts = (await files.packageJson(folder).catch(() => undefined))?.scripts ?? {};
    for (const called of managersCalled(Object.values(scripts).join("\n"))) found.add(called);
  }
  return [...found].filter((name) => name !== manager.manager.name).map((name) => ({ name, version: null }));
}

/** For a build of nobody knows what at the top, where the site may be another. */
async function hintOfSites(files: SourceFiles, root: string): Promise<string | null> {
  const sites = root === "." ? (await findSites(files)).main : [];
  if (sites.length === 0) return null;
  const names = sites.slice(0, 8).join(", ");
  return `There is a site in: ${names}. Set root to its folder, or output_directory to the one that the build writes.`;
}

interface Install {
  /** Text of a command that people wrote; empty for the package manager's own. */
  line: string;
  command: string[] | null;
  loose: (BuildPlan & { kind: "build" })["looseInstall"];
  from: string;
  /** It is the package manager's own install, which the warnings about lockfiles are for. */
  keepsLock: boolean;
}

function chooseInstall(
  { files, root, settings, hostFiles }: Planning,
  { manager, declared }: { manager: ManagerChoice; declared: Record<string, string> },
): Install {
  const host = hostFiles.find(({ installCommand: line }) => line !== undefined);
  const line = settings.install_command ?? host?.installCommand;
  if (line !== undefined) {
    const from = settings.install_command !== undefined ? "project settings" : host!.from;
    return { line, command: line === "" ? null : inSandboxShell(line), loose: null, from, keepsLock: false };
  }
  // The top of a pnpm workspace need not have one.
  if (![manager.workspaceRoot, root].some((folder) => files.has(folder, "package.json"))) {
    return { line: "", command: null, loose: null, from: "detected", keepsLock: false };
  }
  // As that host's builds take them: https://docs.netlify.com/build/configure-builds/manage-dependencies/
  const flags =
    (manager.manager.name === "npm" && declared.NPM_FLAGS?.match(/(?<=^|\s)--?[\w-]+(=[\w.-]+)?(?=\s|$)/g)) || [];
  const command = [...installCommand(manager), ...flags];
  const { lockfile } = manager;
  const loose = lockfile === undefined ? null : { command: [...looseInstallCommand(manager), ...flags], lockfile };
  return { line: "", command, loose, from: lockfile ?? "detected", keepsLock: true };
}

/** A setting is the one word; what other hosts are told comes before what the framework usually writes. */
async function chooseOutputs(
  { files, root, settings, hostFiles, packageJson }: Planning,
  choice: BuildChoice,
): Promise<{ candidates: string[]; from: string }> {
  if (settings.output_directory !== undefined) {
    return { candidates: [settings.output_directory], from: "project settings" };
  }
  const rule = choice.framework === undefined ? undefined : FRAMEWORKS[choice.framework];
  const site = { files, root, packageJson: packageJson ?? {}, commandText: choice.text };
  const usual = (await rule?.outputs(site)) ?? USUAL_OUTPUTS;
  const host = hostFiles.find(({ output }) => output !== undefined);
  // The folder as it stood, for commands that work in place on pages at the root.
  const page = rule === undefined ? await files.text(root, "index.html") : undefined;
  const inPlace = page === undefined || isTemplate(page) ? [] : ["."];
  const entered = enteredFolders(choice.text).flatMap((folder) => usual.map((name) => posix.join(folder, name)));
  const named = host?.output === undefined ? [] : hostOutputs(host.output, root);
  const ofNx = await nxOutputs(files, { top: root, commandText: choice.text });
  const all = [...named, ...outputFlags(choice.text), ...ofNx, ...usual, ...entered, ...inPlace];
  const tidy = all.map((folder) => posix.normalize(folder).replace(/(.)\/$/, "$1"));
  const candidates = [...new Set(tidy)].filter((folder) => !posix.join(root, folder).startsWith(".."));
  return { candidates, from: host?.from ?? "detected" };
}

/** Some write `publish` from the top although a base is set. */
function hostOutputs(output: string, root: string): string[] {
  return root !== "." && output.startsWith(`${root}/`) ? [output, output.slice(root.length + 1)] : [output];
}
