import type { Resolved } from "../../model/deployment.ts";
import { BerthError } from "../../model/errors.ts";
import type { ProjectSettings } from "../../model/project.ts";
import type { Tree } from "../../model/tree.ts";
import type { EgressPolicy } from "../sandbox/sandbox.ts";
import { buildEnvironment } from "./build-environment.ts";
import { type DetectedFramework, detectFramework } from "./detect.ts";
import { wishedNode } from "./node-version.ts";
import { type ChosenManager, choosePackageManager, installCommand, runScript } from "./package-manager.ts";
import { type PackageJson, SourceFiles } from "./source-files.ts";

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
      /** Where the install runs: the root, or the workspace that it belongs to. */
      workspaceRoot: string;
      nodeVersion: string;
      /** null when there is nothing to install. */
      install: readonly string[] | null;
      build: readonly string[];
      /** Seen from the root, the likeliest first. */
      outputCandidates: string[];
      env: Record<string, string>;
      egress: EgressPolicy;
    });

export interface PlanInput {
  tree: Tree;
  /** Text of a file of the tree; undefined when there is none. */
  readFile(path: string): Promise<string | undefined>;
  settings: ProjectSettings;
}

/**
 * Project settings first, then the repository's files, then detection.
 * @throws BerthError `root_not_found`, `package_json_invalid`, `framework_unknown`
 */
export async function planBuild(input: PlanInput): Promise<BuildPlan> {
  const { settings } = input;
  const files = new SourceFiles(input);
  const root = settings.root ?? ".";
  if (root !== "." && !files.hasFolder(root)) {
    throw new BerthError("root_not_found", `The source has no folder '${root}'.`, {
      hint: `Set root to one of: ${files.foldersIn(".").slice(0, 12).join(", ") || "."}.`,
    });
  }
  const packageJson = await files.packageJson(root);
  const hasCommand = settings.build_command !== undefined;
  if (settings.framework === "static" || (packageJson === undefined && !hasCommand))
    return staticPlan(files, { root, settings });
  const detected = settings.framework
    ? await detectFramework(files, { root, force: settings.framework })
    : await detectFramework(files, { root });
  const script = packageJson && chooseScript(packageJson);
  if (!hasCommand && script === undefined && detected?.command === undefined) {
    if (files.has(root, "index.html")) return staticPlan(files, { root, settings });
    throw nothingToRun(files, root, packageJson);
  }
  return await commandPlan(files, { root, settings, packageJson: packageJson ?? {}, detected, script });
}

function staticPlan(files: SourceFiles, { root, settings }: { root: string; settings: ProjectSettings }): BuildPlan {
  const asked = settings.output_directory;
  if (asked !== undefined && asked !== "." && !files.hasFolder(files.join(root, asked))) {
    throw new BerthError("output_missing", `The source has no folder '${asked}'.`, {
      hint: `Set output_directory to one of: ${files.foldersIn(root).slice(0, 12).join(", ") || "."}.`,
    });
  }
  const output = asked ?? folderOfPages(files, root);
  if (output === undefined) throw noPages(files, root);
  return {
    kind: "static",
    root,
    output,
    framework: null,
    resolved: {
      root: { value: root, from: settings.root ? "project settings" : "default" },
      output_directory: { value: output, from: asked ? "project settings" : "detected" },
    },
    warnings: [],
  };
}

/** The root when it has a page; else the one usual folder that has an index page. */
function folderOfPages(files: SourceFiles, root: string): string | undefined {
  if (files.has(root, "index.html")) return ".";
  const usual = ["public", "dist", "build", "out", "site", "www", "_site", "docs"];
  const withIndex = usual.filter((folder) => files.has(files.join(root, folder), "index.html"));
  if (withIndex.length === 1) return withIndex[0];
  return files.pathsBelow(root).some((path) => /\.html?$/i.test(path)) ? "." : undefined;
}

/** Names that builds go by when there is no `build`. */
const SCRIPTS = [
  "build",
  "generate",
  "docs:build",
  "build:docs",
  "docs-build",
  "build-docs",
  "build:site",
  "build-storybook",
  "typedoc",
];

function chooseScript(packageJson: PackageJson): string | undefined {
  return SCRIPTS.find((name) => typeof packageJson.scripts?.[name] === "string");
}

interface CommandInput {
  root: string;
  settings: ProjectSettings;
  packageJson: PackageJson;
  detected: DetectedFramework | undefined;
  script: string | undefined;
}

async function commandPlan(files: SourceFiles, input: CommandInput): Promise<BuildPlan> {
  const { root, settings, packageJson, detected, script } = input;
  const { manager, workspaceRoot, lockfile, warnings } = await choosePackageManager(files, root);
  const node = await wishedNode(files, { root, settings, packageJson });
  const build =
    settings.build_command !== undefined
      ? inSandboxShell(settings.build_command)
      : script !== undefined
        ? runScript(manager, script)
        : inSandboxShell(detected!.command!);
  const install =
    settings.install_command !== undefined
      ? inSandboxShell(settings.install_command)
      : files.has(workspaceRoot, "package.json")
        ? installCommand(manager, { lockfile })
        : null;
  const outputCandidates =
    settings.output_directory !== undefined ? [settings.output_directory] : (detected?.outputs ?? USUAL_OUTPUTS);
  const text = (command: readonly string[] | null) =>
    command === null ? null : command[0] === "/bin/sh" ? command[2]! : command.join(" ");
  return {
    kind: "build",
    root,
    framework: detected?.id ?? null,
    packageManager: manager,
    workspaceRoot,
    nodeVersion: node.value,
    install,
    build,
    outputCandidates,
    env: buildEnvironment(detected?.id),
    egress: settings.egress ?? "registry",
    resolved: {
      root: { value: root, from: settings.root ? "project settings" : "default" },
      framework: { value: detected?.id ?? null, from: settings.framework ? "project settings" : "detected" },
      node_version: node,
      install_command: {
        value: text(install),
        from: settings.install_command ? "project settings" : (lockfile ?? "detected"),
      },
      build_command: {
        value: text(build),
        from: settings.build_command ? "project settings" : script ? "package.json" : "detected",
      },
      output_directory: {
        value: outputCandidates[0] ?? null,
        from: settings.output_directory ? "project settings" : "detected",
      },
    },
    warnings,
  };
}

const USUAL_OUTPUTS = [
  "dist",
  "build",
  "out",
  "public",
  "_site",
  "site",
  "www",
  ".output/public",
  "docs/.vitepress/dist",
];

/** A command that people wrote as a line of text. The one shell there is, and it runs inside the wall. */
function inSandboxShell(command: string): readonly string[] {
  return ["/bin/sh", "-c", command];
}

function nothingToRun(files: SourceFiles, root: string, packageJson: PackageJson | undefined): BerthError {
  const scripts = Object.keys(packageJson?.scripts ?? {});
  const found =
    scripts.length > 0
      ? `package.json has the scripts ${scripts.slice(0, 10).join(", ")}`
      : "package.json has no scripts";
  return new BerthError("framework_unknown", "No framework, build script or index page was found.", {
    hint: `${found}; the source holds ${files.namesIn(root).slice(0, 12).join(", ")}. Set build_command, or root when the site lies in a folder.`,
  });
}

function noPages(files: SourceFiles, root: string): BerthError {
  return new BerthError("framework_unknown", "The source has no package.json and no HTML page.", {
    hint: `It holds ${files.namesIn(root).slice(0, 12).join(", ") || "nothing"}. Set root when the site lies in a folder.`,
  });
}
