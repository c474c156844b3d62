import type { Resolved } from "../../model/deployment.ts";
import { BerthError } from "../../model/errors.ts";
import type { ProjectSettings } from "../../model/project.ts";
import type { Tree } from "../../model/tree.ts";
import type { EgressPolicy } from "../../sandbox/sandbox.ts";
import { type BuildChoice, chooseBuild } from "./build-command.ts";
import { chooseRoot } from "./choose-root.ts";
import { commandPlan } from "./command-plan.ts";
import { detectFrameworks } from "./detect.ts";
import { FRAMEWORKS, frameworkId, NOT_BUILT } from "./frameworks.ts";
import { type HostFile, readHostFiles } from "./host-files.ts";
import { isHugoSite } from "./hugo.ts";
import type { ChosenManager } from "./package-manager.ts";
import { foldersHint, pagesFolder } from "./pages-folder.ts";
import { otherServer, serverHint } from "./servers.ts";
import { type PackageJson, SourceFiles } from "./source-files.ts";
import { staticPlan } from "./static-plan.ts";

interface PlanCommon {
  /** Folder of the site in the source; `.` for the whole. */
  root: string;
  framework: string | null;
  /** Where each value came from, for `inspect`. */
  resolved: Record<string, Resolved>;
  warnings: string[];
}

/** What to do with a source: serve it as it is, or run commands and publish what they write. */
export type BuildPlan =
  | (PlanCommon & { kind: "static" /** Seen from the root. */; output: string })
  | (PlanCommon & {
      kind: "build";
      packageManager: ChosenManager;
      /** Those that scripts call beside it. */
      otherManagers: ChosenManager[];
      /** Where the install runs: the root, or the workspace that it belongs to. */
      workspaceRoot: string;
      /** Path of a lockfile that writes out hosts, whose packages come from the platform's registry; else null. */
      lockfileWithHosts: string | null;
      /** URLs of default registries that the repository's files name, as they are written there. */
      registries: readonly string[];
      /** `24`, `22.11`, `22.11.0`, or a range of one major. */
      nodeVersion: string;
      /** null when there is nothing to install. */
      install: readonly string[] | null;
      /** Run in its place, once, where the lockfile turns out not to fit package.json; null where there is no such way. */
      looseInstall: { command: readonly string[]; lockfile: string } | null;
      /** Runs in the root. */
      build: readonly string[];
      /** Seen from the root, the likeliest first; none leaves the source. */
      outputCandidates: string[];
      /** What is there when the build made a server instead, seen from the root. */
      serverOutputs: readonly string[];
      /** How the framework makes files, if there is more to it than the folder. */
      outputHint: string | null;
      env: Record<string, string>;
      egress: EgressPolicy;
    });

export interface PlanInput {
  tree: Tree;
  /** Text of a file of the tree; undefined when there is none. */
  readFile(path: string): Promise<string | undefined>;
  settings: ProjectSettings;
  /** Whether the deployment is meant for production, and its branch: the contexts of netlify.toml go by them. */
  production: boolean;
  branch: string | null;
}

/** What is known of a source before it is decided what to do. */
export interface Planning {
  files: SourceFiles;
  root: string;
  resolvedRoot: Resolved;
  settings: ProjectSettings;
  packageJson: PackageJson | undefined;
  /** netlify.toml, vercel.json: the first that says something counts. */
  hostFiles: readonly HostFile[];
  warnings: string[];
}

/**
 * Project settings first, then the repository's files, then detection. Works on the tree, before anything is written
 * to a disk, and runs nothing.
 * @throws BerthError `root_not_found`, `site_ambiguous`, `package_json_invalid`, `package_manager_unclear`, `framework_unknown`,
 * `project_setting_invalid`, and of a source that is served as it is `output_missing` and `output_empty`
 */
export async function planBuild({ settings, production, branch, ...source }: PlanInput): Promise<BuildPlan> {
  assertFramework(settings);
  const files = new SourceFiles(source);
  const { warnings, ...resolvedRoot } = await chooseRoot(files, settings);
  const root = resolvedRoot.value;
  const host = await readHostFiles(files, { root, context: { production, branch } });
  const packageJson = settings.framework === "static" ? undefined : await files.packageJson(root);
  const planning: Planning = {
    files,
    root,
    resolvedRoot,
    settings,
    packageJson,
    hostFiles: host.found,
    warnings: [...warnings, ...host.warnings],
  };
  if (settings.framework === "static" && settings.build_command === undefined) return await staticPlan(planning);
  const hugo = (await isHugoSite(files, root)) ? ["hugo"] : [];
  const frameworks = packageJson === undefined ? hugo : [...(await frameworksOf(planning, packageJson)), ...hugo];
  const choice = await chooseBuild(planning, frameworks);
  if (choice !== undefined && !isServedAsItIs(planning, choice)) return await commandPlan(planning, choice);
  if (packageJson !== undefined && !(await hasPages(planning)))
    throw nothingToRun(planning, { packageJson, frameworks });
  return await staticPlan(planning);
}

/** Of a source with nothing to build: pages, or a folder that somebody has named for them. */
async function hasPages({ files, root, settings, hostFiles }: Planning): Promise<boolean> {
  const asked = settings.output_directory;
  if (asked !== undefined && files.hasFolder(files.join(root, asked))) return true;
  return hostFiles.some(({ output }) => output) || (await pagesFolder(files, root)) !== undefined;
}

async function frameworksOf(
  { files, root, settings, hostFiles }: Planning,
  packageJson: PackageJson,
): Promise<string[]> {
  if (settings.framework === undefined && hostFiles.length > 0) {
    const told = hostFiles.map(({ framework }) => frameworkId(framework ?? "")).find((id) => id !== undefined);
    if (told !== undefined) return [told];
  }
  if (settings.framework === undefined || settings.framework === "static") {
    return await detectFrameworks({ files, root, packageJson });
  }
  return [frameworkId(settings.framework)!];
}

/** Of a source without a package.json too, where nothing would be built for it. */
function assertFramework({ framework }: ProjectSettings): void {
  if (framework === undefined || framework === "static" || frameworkId(framework) !== undefined) return;
  const reason = Object.hasOwn(NOT_BUILT, framework) ? NOT_BUILT[framework]! : "it is not known";
  throw new BerthError("project_setting_invalid", `'framework' is '${framework}': ${reason}.`, {
    hint: `It is one of: static, ${Object.keys(FRAMEWORKS).sort().join(", ")}.`,
  });
}

/** Pages at the root and no script: they are the site, unless they are the entry of a bundler that the source has. */
function isServedAsItIs({ files, root, settings }: Planning, choice: BuildChoice): boolean {
  if (choice.kind !== "program" || settings.framework !== undefined || !files.has(root, "index.html")) return false;
  return !["vite", "parcel", "rsbuild"].includes(choice.command[0]!);
}

function nothingToRun(
  { files, root }: Planning,
  { packageJson, frameworks }: { packageJson: PackageJson; frameworks: readonly string[] },
): BerthError {
  const scripts = Object.keys(packageJson.scripts ?? {});
  const found = [
    scripts.length > 0
      ? `package.json has the scripts ${scripts.slice(0, 10).join(", ")}`
      : "package.json has no scripts",
    ...(frameworks.length > 0 ? [`it names ${frameworks.join(", ")}`] : []),
    `the folder holds ${files.namesIn(root).slice(0, 12).join(", ")}`,
  ].join("; ");
  const hint = otherServer(files, root)?.hint ?? serverHint(packageJson);
  const server = hint === undefined ? "" : `${hint} `;
  return new BerthError(
    "framework_unknown",
    "No build script, framework with a known command or index page was found.",
    {
      hint: `${server}Found: ${found}. ${foldersHint(files, root, "root") ?? "Set root when the site lies in a folder."} Where there is something to build, add a script named 'build' or set build_command.`,
    },
  );
}
