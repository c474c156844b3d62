import { posix } from "node:path";
import type { SourceFiles } from "./source-files.ts";

export interface WorkspaceHome {
  /** Where the install runs: the workspace that the folder is a member of, else the folder itself. */
  root: string;
  /** A pnpm workspace lies above, and the folder is none of its members: pnpm would install that one instead. */
  isUnderForeign: boolean;
}

/** The nearest folder upwards that declares a workspace decides. */
export async function findWorkspace(files: SourceFiles, root: string): Promise<WorkspaceHome> {
  for (let folder = root; folder !== "."; ) {
    folder = posix.dirname(folder);
    const declared = await workspacePatterns(files, folder);
    if (declared === undefined) continue;
    const isMember = matches(declared.patterns, posix.relative(folder, root));
    return isMember ? { root: folder, isUnderForeign: false } : { root, isUnderForeign: declared.isPnpm };
  }
  return { root, isUnderForeign: false };
}

/** The members of the workspace whose top is this folder: those that have a package.json. */
export async function workspaceMembers(files: SourceFiles, top: string): Promise<string[]> {
  const declared = await workspacePatterns(files, top);
  if (declared === undefined) return [];
  return files
    .pathsBelow(top)
    .filter((path) => posix.basename(path) === "package.json" && !path.includes("node_modules/"))
    .map((path) => posix.dirname(path))
    .filter((folder) => folder !== top && matches(declared.patterns, posix.relative(top, folder)));
}

/**
 * A later `!pattern` takes back what an earlier one gave, and each is of package.json files, so that `docs/**` means
 * `docs` too, as pnpm, Yarn and npm have it.
 */
function matches(patterns: readonly string[], folder: string): boolean {
  let isMember = false;
  for (const pattern of patterns) {
    const isNegative = pattern.startsWith("!");
    const tidy = pattern.replace(/^!?(\.\/)?/, "").replace(/\/+$/, "");
    if (new Bun.Glob(`${tidy}/package.json`).match(`${folder}/package.json`)) isMember = !isNegative;
  }
  return isMember;
}

const MAX_PATTERNS = 200;

async function workspacePatterns(
  files: SourceFiles,
  folder: string,
): Promise<{ patterns: string[]; isPnpm: boolean } | undefined> {
  const pnpm = await files.text(folder, "pnpm-workspace.yaml");
  if (pnpm !== undefined) return { patterns: texts(packagesOf(pnpm)), isPnpm: true };
  // A broken package.json above the site is not the site's concern.
  const packageJson = await files.packageJson(folder).catch(() => undefined);
  const { workspaces } = packageJson ?? {};
  if (workspaces === undefined || workspaces === null) return undefined;
  const list = Array.isArray(workspaces) ? workspaces : (workspaces as { packages?: unknown }).packages;
  return { patterns: texts(list), isPnpm: false };
}

function packagesOf(yaml: string): unknown {
  try {
    return (Bun.YAML.parse(yaml) as { packages?: unknown } | null)?.packages;
  } catch {
    return undefined;
  }
}

function texts(list: unknown): string[] {
  const patterns = Array.isArray(list) ? list.filter((item) => typeof item === "string" && item.length <= 200) : [];
  return patterns.slice(0, MAX_PATTERNS);
}
