import { posix } from "node:path";
import { BerthError } from "../../model/errors.ts";
import type { PackageJson, SourceFiles } from "./source-files.ts";

export type ManagerName = "npm" | "pnpm" | "yarn" | "bun";

export interface ChosenManager {
  name: ManagerName;
  /** A version or range that the source asks for; null for the platform's choice. */
  version: string | null;
}

interface Choice {
  manager: ChosenManager;
  workspaceRoot: string;
  /** Name of the lockfile that is kept to. */
  lockfile: string | undefined;
  warnings: string[];
}

/** By precedence where several lie side by side and `packageManager` does not decide. */
const LOCKFILES: [file: string, name: ManagerName][] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
];

export async function choosePackageManager(files: SourceFiles, root: string): Promise<Choice> {
  const workspaceRoot = await findWorkspaceRoot(files, root);
  const packageJson = (await files.packageJson(workspaceRoot)) ?? {};
  const locks = LOCKFILES.filter(([file]) => files.has(workspaceRoot, file));
  const pinned = parsePin(packageJson.packageManager);
  const chosen = pinned ? locks.find(([, name]) => name === pinned.name) : locks[0];
  const name = pinned?.name ?? chosen?.[1] ?? "npm";
  const warnings: string[] = [];
  const kinds = new Set(locks.map(([, kind]) => kind));
  if (kinds.size > 1) {
    const by = pinned ? "as packageManager says" : "the first of them by precedence";
    warnings.push(`There are several lockfiles (${locks.map(([file]) => file).join(", ")}); ${name} is used, ${by}.`);
  }
  if (locks.length === 0) warnings.push("There is no lockfile: the newest fitting versions are installed.");
  const lockText = chosen && ["pnpm", "yarn"].includes(name) ? await files.text(workspaceRoot, chosen[0]) : undefined;
  const version = pinned?.version ?? versionOfLock(name, lockText);
  return { manager: { name, version }, workspaceRoot, lockfile: chosen?.[0], warnings };
}

/** `name@version+hash`, as corepack's documentation has it. */
function parsePin(pin: string | undefined): { name: ManagerName; version: string } | undefined {
  const match = /^(npm|pnpm|yarn|bun)@(\d+\.\d+\.\d+(?:-[\w.]+)?)(?:\+.*)?$/.exec(pin ?? "");
  return match ? { name: match[1] as ManagerName, version: match[2]! } : undefined;
}

/** Each lockfile format has the versions that read it without rewriting it. */
function versionOfLock(name: ManagerName, text: string | undefined): string | null {
  if (name === "pnpm" && text !== undefined) {
    const format = Number(/^lockfileVersion:\s*'?(\d+(?:\.\d+)?)/m.exec(text)?.[1] ?? 9);
    return format < 6 ? "7" : format < 9 ? "8" : "10";
  }
  if (name === "yarn") return text?.includes("__metadata:") ? "4" : "1";
  return null;
}

/** The nearest folder upwards that declares workspaces with this root among them; else the root itself. */
async function findWorkspaceRoot(files: SourceFiles, root: string): Promise<string> {
  for (let folder = root; folder !== "."; ) {
    folder = posix.dirname(folder);
    const patterns = await workspacePatterns(files, folder);
    const inside = posix.relative(folder === "." ? "" : folder, root);
    if (patterns.some((pattern) => new Bun.Glob(pattern.replace(/^\.\//, "").replace(/\/$/, "")).match(inside)))
      return folder;
  }
  return root;
}

async function workspacePatterns(files: SourceFiles, folder: string): Promise<string[]> {
  const pnpm = await files.text(folder, "pnpm-workspace.yaml");
  if (pnpm !== undefined) {
    const parsed = Bun.YAML.parse(pnpm) as { packages?: unknown } | null;
    return Array.isArray(parsed?.packages) ? parsed.packages.filter((item) => typeof item === "string") : [];
  }
  const { workspaces } = ((await files.packageJson(folder)) ?? {}) as PackageJson;
  const list = Array.isArray(workspaces) ? workspaces : (workspaces as { packages?: unknown } | undefined)?.packages;
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
}

/** A lockfile is kept to, to the letter: a build must not install what was never tried. */
export function installCommand(
  { name, version }: ChosenManager,
  { lockfile }: { lockfile: string | undefined },
): string[] {
  switch (name) {
    case "npm":
      return lockfile ? ["npm", "ci"] : ["npm", "install"];
    case "pnpm":
      return lockfile ? ["pnpm", "install", "--frozen-lockfile"] : ["pnpm", "install", "--no-frozen-lockfile"];
    case "yarn":
      if (version?.startsWith("1")) return lockfile ? ["yarn", "install", "--frozen-lockfile"] : ["yarn", "install"];
      return lockfile ? ["yarn", "install", "--immutable"] : ["yarn", "install", "--no-immutable"];
    case "bun":
      return lockfile ? ["bun", "install", "--frozen-lockfile"] : ["bun", "install"];
    default:
      throw new BerthError("package_manager_unclear", `'${name satisfies never}' is no package manager.`, {
        hint: "Use npm, pnpm, yarn or bun.",
      });
  }
}

export function runScript({ name }: ChosenManager, script: string): string[] {
  return [name, "run", script];
}
