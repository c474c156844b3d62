import { BerthError } from "../../model/errors.ts";
import { commandLine, inSandboxShell, runProgram, runScript } from "./commands.ts";
import { frameworkOf } from "./detect.ts";
import { configLiterals } from "./framework-outputs.ts";
import { FRAMEWORKS } from "./frameworks.ts";
import { HUGO_COMMAND } from "./hugo.ts";
import { memberBuild } from "./member-build.ts";
import { nxApps } from "./nx.ts";
import type { ManagerChoice } from "./package-manager.ts";
import { pagesFolder } from "./pages-folder.ts";
import type { Planning } from "./plan.ts";
import { exportScript, runsProgram, type Script, scriptsNamedIn } from "./script-text.ts";
import { dependsOn, majorOf } from "./site.ts";
import { siteScript } from "./site-script.ts";
import type { PackageJson } from "./source-files.ts";
import { taskCommand } from "./task-runner.ts";

/** What the build runs, before it is known with which package manager. */
export type BuildChoice = { framework: string | undefined /** With the scripts that it runs. */; text: string } & (
  | { kind: "line"; line: string; from: string }
  | { kind: "script"; script: Script }
  | { kind: "program"; command: readonly string[] }
);

/** undefined when there is nothing to run. `frameworks` are those that were detected, the likeliest first. */
export async function chooseBuild(planning: Planning, frameworks: readonly string[]): Promise<BuildChoice | undefined> {
  const { settings, hostFiles, packageJson } = planning;
  const host = hostFiles.find(({ buildCommand }) => buildCommand !== undefined);
  const line = settings.build_command ?? host?.buildCommand;
  if (line === "") return undefined;
  if (line !== undefined) {
    const text = [line, ...scriptsNamedIn(line, packageJson ?? {})].join("\n");
    const from = settings.build_command !== undefined ? "project settings" : host!.from;
    return { kind: "line", line, from, text, framework: frameworkOf(frameworks, text) };
  }
  const script = packageJson && (await siteScript({ ...planning, packageJson }, frameworks));
  const framework = frameworkOf(frameworks, script?.text ?? "");
  const rule = framework === undefined ? undefined : FRAMEWORKS[framework]!;
  if (framework === "hugo" && !dependsOnHugo(planning)) {
    // Its own script may build styles first; without one that names it, the pages are all there is.
    const own = script && runsProgram(script.text, "hugo");
    if (!own) return { kind: "line", line: HUGO_COMMAND, from: "detected", text: HUGO_COMMAND, framework };
  }
  const exporting = script && (await exportChoice(planning, { script, framework }));
  if (exporting !== undefined) return exporting;
  if (script && !(framework === "nuxt" && writesServer(script)))
    return { kind: "script", script, text: script.text, framework };
  const generating = script && framework === "nuxt" ? generatingLine(script, planning.packageJson!) : undefined;
  if (generating !== undefined)
    return { kind: "line", line: generating, from: "package.json", text: generating, framework };
  const app = script === undefined ? await onlyNxApp(planning) : undefined;
  if (app !== undefined) return { kind: "program", command: ["nx", "build", app], text: `nx build ${app}`, framework };
  const { files, root } = planning;
  const isConfigured = rule?.configuredBy?.some((file) => files.has(root, file)) ?? true;
  if (rule?.command === undefined || !isConfigured) return await taskChoice(planning);
  const command = withoutLostPage(planning, rule.command);
  return { kind: "program", command, text: command.join(" "), framework };
}

/** Without a page at the root Parcel's entry is what package.json calls `source`. */
function withoutLostPage({ files, root }: Planning, command: readonly string[]): readonly string[] {
  return command.at(-1) === "index.html" && !files.has(root, "index.html") ? command.slice(0, -1) : command;
}

/** Where there are pages already, such a task may only help whoever writes them. */
async function taskChoice({ files, root, packageJson }: Planning): Promise<BuildChoice | undefined> {
  if (packageJson === undefined) return undefined;
  const pages = await pagesFolder(files, root);
  const task = pages === undefined || pages === "src" ? await taskCommand(files, { root, packageJson }) : undefined;
  return task && { kind: "program", command: task.command, text: task.command.join(" "), framework: task.name };
}

/** @throws BerthError `site_ambiguous` when the Nx workspace has several with pages */
async function onlyNxApp({ files, root, packageJson }: Planning): Promise<string | undefined> {
  if (packageJson === undefined || !dependsOn(packageJson, "nx")) return undefined;
  const apps = await nxApps(files, root);
  if (apps.length <= 1) return apps[0]?.name;
  const names = apps.slice(0, 12).map(({ name }) => name);
  throw new BerthError("site_ambiguous", `The Nx workspace holds ${apps.length} sites: ${names.join(", ")}.`, {
    hint: `Set build_command to one of: ${names.map((name) => `npx nx build ${name}`).join(", ")}; or add a script named 'build' that does so.`,
  });
}

function dependsOnHugo({ packageJson }: Planning): boolean {
  return FRAMEWORKS.hugo!.packages!.some((name) => packageJson !== undefined && dependsOn(packageJson, name));
}

/** `nuxt build` makes a server; `nuxt generate` makes the files. */
function writesServer({ text }: Script): boolean {
  return /\b(nuxt|nuxi) build\b/.test(text) && !/\b(nuxt|nuxi) generate\b|--prerender\b/.test(text);
}

/** The script's own steps, with files in the server's place: `prisma generate && nuxt build docs`. A preset is a server's. */
function generatingLine({ name }: Script, { scripts }: PackageJson): string | undefined {
  const own = scripts![name]!.trim();
  const line = own.replace(/\b(nuxt|nuxi) build\b/g, "$1 generate");
  return /^(nuxt|nuxi) build$|preset/i.test(own) || line === own ? undefined : line;
}

/**
 * Next.js before 14 and Sapper make files by a command of their own, which a repository may have a script for beside
 * `build`. The two are run one after the other where that one builds nothing itself.
 */
async function exportChoice(
  { files, root, packageJson }: Planning,
  { script, framework }: { script: Script; framework: string | undefined },
): Promise<BuildChoice | undefined> {
  if (framework !== "sapper" && !(framework === "next" && (majorOf(packageJson!, "next") ?? 14) < 14)) return undefined;
  const configured = { file: /^next\.config\.[cm]?js$/, key: /output/ };
  const site = { files, root, packageJson: packageJson!, commandText: script.text };
  const found = exportScript(packageJson!, script);
  if (found === undefined || (await configLiterals(site, configured)).includes("export")) return undefined;
  if (framework === "sapper" || /\bnext build\b/.test(found.text)) {
    return { kind: "script", script: found, text: found.text, framework };
  }
  const line = [script, found].flatMap(({ name }) => ownSteps(packageJson!, name)).join(" && ");
  return { kind: "line", line, from: "package.json", text: `${script.text}\n${found.text}`, framework };
}

/** A script with those that npm runs before and after it. */
function ownSteps({ scripts = {} }: PackageJson, name: string): string[] {
  return [`pre${name}`, name, `post${name}`].map((step) => scripts[step]?.trim() ?? "").filter((step) => step !== "");
}

/** The argv of the choice, and where it came from. */
export async function buildCommand(
  planning: Planning,
  { choice, manager }: { choice: BuildChoice; manager: ManagerChoice },
): Promise<{ command: string[]; value: string; from: string }> {
  const { name } = manager.manager;
  const told = (command: string[], from: string) => ({ command, value: commandLine(command), from });
  switch (choice.kind) {
    case "line":
      return told(inSandboxShell(choice.line), choice.from);
    case "program":
      return told(runProgram(name, choice.command), "detected");
    case "script":
      return told(
        (await memberBuild(planning, { script: choice.script.name, manager })) ?? runScript(name, choice.script.name),
        "package.json",
      );
  }
}
