import { type Sha256, sha256 } from "../model/ids.ts";
import type { TreeEntry } from "../model/tree.ts";
import { type BuildInputs, canonical } from "./build-key.ts";
import type { BuildPlan } from "./plan/plan.ts";

type CommandPlan = BuildPlan & { kind: "build" };

export interface InstallInputs {
  entries: readonly TreeEntry[];
  plan: CommandPlan;
  /** Full versions by the tool's name. */
  tools: Readonly<Record<string, string>>;
  /** Secret ones too. Of the build's step as well: it may write what it was told beside what was installed. */
  variables: BuildInputs["variables"];
  /** Text of every package.json of the source. */
  manifests: readonly string[];
}

const LOCKFILES = new Set([
  "package-lock.json",
  "npm-shrinkwrap.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
  "bun.lockb",
]);
const SETTINGS = new Set(["package.json", ".npmrc", ".yarnrc", "pnpm-workspace.yaml", "bunfig.toml"]);
/** Code that pnpm runs at an install; it may read any file of the source. */
const PNPM_HOOKS = /(^|\/)\.pnpmfile\.(cjs|mjs|js)$/;

/** Scripts that run at every install, and those of them that write nothing but git's hooks or node_modules. */
const AT_INSTALL = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];
const HARMLESS =
  /^(husky( install)?|(npx )?(-y )?only-allow \w+|simple-git-hooks|lefthook install|patch-package|is-ci \|\| husky( install)?|husky( install)? \|\| true)$/;

/**
 * Names what an install writes, by all that it depends on: lockfile, every package.json, the package managers' files,
 * patches, tools and command.
 * @returns undefined when that can't be told, so the install has to run: there is no lockfile, the command is somebody's
 * own, the project's own scripts or pnpm hooks run with it, folders are copied in, or it is a Yarn that keeps packages elsewhere
 */
export function installName({ entries, plan, tools, variables, manifests }: InstallInputs): Sha256 | undefined {
  const { install, workspaceRoot, root, env } = plan;
  if (install === null || install[0] === "/bin/sh") return undefined;
  if (plan.packageManager.name === "yarn" && !tools.yarn?.startsWith("1.")) return undefined;
  const start = workspaceRoot === "." ? "" : `${workspaceRoot}/`;
  if (!entries.some(({ path }) => path.startsWith(start) && LOCKFILES.has(path.slice(start.length)))) return undefined;
  if (!manifests.every(isPlain) || entries.some(({ path }) => PNPM_HOOKS.test(path))) return undefined;
  const used = entries.filter(({ path }) => decidesInstall(path)).map(({ path, mode, hash }) => [path, mode, hash]);
  return sha256(canonical({ version: 2, install, workspaceRoot, root, env, tools, variables, used }));
}

function decidesInstall(path: string): boolean {
  const name = path.split("/").at(-1)!;
  const isPatch = /(^|\/)(patches|\.yarn\/(patches|releases|plugins))\//.test(path) || name.endsWith(".patch");
  // Prisma's client is made from the schema when it is installed.
  return LOCKFILES.has(name) || SETTINGS.has(name) || isPatch || name.endsWith(".prisma");
}

const DEPENDENCIES = [
  ...[
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
    "overrides",
    "resolutions",
    "pnpm",
  ],
];
/** A path without a protocol is a folder to Yarn 1 and npm. */
const FOLDER = /^((file|portal|link):|(\.{1,2}|~)?\/|\.{1,2}$|[A-Za-z]:[\\/])/;

function namesFolder(value: unknown): boolean {
  if (typeof value === "string") return FOLDER.test(value.trim());
  return typeof value === "object" && value !== null && Object.values(value).some(namesFolder);
}

function isPlain(manifest: string): boolean {
  try {
    const fields = JSON.parse(manifest) as Record<string, unknown> & { scripts?: Record<string, string> };
    const { scripts = {} } = fields;
    const own = AT_INSTALL.filter(
      (name) => scripts[name] !== undefined && !HARMLESS.test(String(scripts[name]).trim()),
    );
    return own.length === 0 && !DEPENDENCIES.some((name) => namesFolder(fields[name]));
  } catch {
    return false;
  }
}

/** Folders that frameworks keep for their next build and check themselves; seen from the folder of the site. */
const WORK_FOLDERS = [
  ...["node_modules/.cache", "node_modules/.vite", "node_modules/.astro", ".astro", ".next/cache", ".angular/cache"],
  ...[".parcel-cache", ".turbo/cache", ".nx/cache"],
];

export function workFolders({ root, workspaceRoot }: Pick<CommandPlan, "root" | "workspaceRoot">): string[] {
  const tops = [...new Set([root, workspaceRoot])];
  return tops.flatMap((top) => WORK_FOLDERS.map((folder) => (top === "." ? folder : `${top}/${folder}`)));
}

/**
 * One for each site of a repository and each major version of what builds it. What a build was told may stand in what
 * it leaves, so a cache is only for builds that are told the very same.
 */
export function workName(
  plan: CommandPlan,
  { tools, variables }: Record<"tools" | "variables", Readonly<Record<string, string>>>,
): Sha256 {
  const { root, workspaceRoot, framework } = plan;
  return sha256(canonical({ version: 1, root, workspaceRoot, framework, node: tools.node?.split(".")[0], variables }));
}
