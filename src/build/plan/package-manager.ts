import { posix } from "node:path";
import semver from "semver";
import { BerthError } from "../../model/errors.ts";
import type { PackageJson, SourceFiles } from "./source-files.ts";
import { findWorkspace, workspaceMembers } from "./workspace.ts";

export type ManagerName = "npm" | "pnpm" | "yarn" | "bun";

export interface ChosenManager {
  name: ManagerName;
  /** A version or range that the source asks for, checked to be one; null for the platform's choice. */
  version: string | null;
}

export interface ManagerChoice {
  manager: ChosenManager;
  /** Where the install runs. */
  workspaceRoot: string;
  isUnderForeignWorkspace: boolean;
  /** Name of the lockfile that is kept to. */
  lockfile: string | undefined;
  /** What decided. */
  from: string;
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

const PNPM_WORKSPACE = "pnpm-workspace.yaml";

/** @throws BerthError `package_manager_unclear` when `packageManager` names one that there is not */
export async function choosePackageManager(files: SourceFiles, root: string): Promise<ManagerChoice> {
  const { root: workspaceRoot, isUnderForeign } = await findWorkspace(files, root);
  const named = await findPin(files, [root, workspaceRoot]);
  const newer = await pnpmForLockfile(files, { pin: named, workspaceRoot });
  const pin = newer ?? named;
  const locks = LOCKFILES.filter(([file]) => files.has(workspaceRoot, file));
  const chosen = pin ? locks.find(([, kind]) => kind === pin.name) : locks[0];
  const workspaceFile = files.has(workspaceRoot, PNPM_WORKSPACE) ? PNPM_WORKSPACE : undefined;
  const name = pin?.name ?? chosen?.[1] ?? (workspaceFile ? "pnpm" : "npm");
  const lockfile = chosen?.[0];
  return {
    manager: { name, version: pin?.version ?? (await versionWanted(files, { name, workspaceRoot, lockfile })) },
    workspaceRoot,
    isUnderForeignWorkspace: isUnderForeign,
    lockfile,
    from: pin?.from ?? lockfile ?? workspaceFile ?? "default",
    warnings: [
      ...(newer ? [newer.warning] : []),
      ...(locks.length > 0 || (await namesPackages(files, [root, workspaceRoot]))
        ? lockWarnings({ locks, lockfile, name, isPinned: pin !== undefined })
        : []),
    ],
  };
}

/** Whether there is anything at all that a lockfile would hold. */
async function namesPackages(files: SourceFiles, [root, top]: readonly [string, string]): Promise<boolean> {
  for (const folder of new Set([root, top, ...(await workspaceMembers(files, top))])) {
    // A member of its own that does not parse is no reason to fail: the install tells.
    const manifest = await files.packageJson(folder).catch(() => undefined);
    const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest ?? {};
    const all = [dependencies, devDependencies, optionalDependencies, peerDependencies];
    if (all.some((named) => Object.keys(named ?? {}).length > 0)) return true;
  }
  return false;
}

/** npm is made for a few lines of Node; one that does not run on the chosen Node gives way to the one that comes with it. */
export function fittingManager(manager: ChosenManager, node: number): { manager: ChosenManager; warnings: string[] } {
  if (manager.name !== "npm" || manager.version === null) return { manager, warnings: [] };
  const major = Number(/\d+/.exec(manager.version)?.[0] ?? 0);
  const fits = major >= 11 ? node >= 20 : major === 10 ? node >= 18 : major >= 7 || node < 16;
  if (fits) return { manager, warnings: [] };
  const warning = `npm ${manager.version} is asked for, and does not run on Node ${node}: the npm of that Node is used.`;
  return { manager: { name: "npm", version: null }, warnings: [warning] };
}

function lockWarnings(found: {
  locks: readonly [string, ManagerName][];
  lockfile: string | undefined;
  name: ManagerName;
  isPinned: boolean;
}): string[] {
  const names = found.locks.map(([file]) => file).join(", ");
  if (found.locks.length === 0) return ["There is no lockfile: the newest versions that fit are installed."];
  if (found.lockfile === undefined) {
    return [
      `packageManager says ${found.name}, the lockfile is ${names}: it is not used, and the newest versions that fit are installed.`,
    ];
  }
  if (new Set(found.locks.map(([, kind]) => kind)).size === 1) return [];
  const reason = found.isPinned ? "as packageManager says" : "the first of them by precedence";
  return [`There are several lockfiles (${names}); ${found.lockfile} is used, ${reason}. Remove the others.`];
}

interface Pin {
  name: ManagerName;
  version: string | null;
  from: string;
}

/**
 * pnpm before 9 takes a lockfile of format 9.0 for none at all, and then refuses an install that is to keep to one. The
 * lockfile has the versions that were tried, so the first pnpm that reads it is used.
 */
async function pnpmForLockfile(
  files: SourceFiles,
  { pin, workspaceRoot }: { pin: Pin | undefined; workspaceRoot: string },
): Promise<(Pin & { warning: string }) | undefined> {
  const [lockfile] = LOCKFILES[0]!;
  if (pin?.name !== "pnpm" || pin.version === null || semver.intersects(pin.version, ">=9.0.0-0")) return undefined;
  if (pnpmFormat((await files.text(workspaceRoot, lockfile)) ?? "") !== 9) return undefined;
  const warning = `${pin.from} says pnpm ${pin.version}, which can't read this ${lockfile}: pnpm 9 is used. Name there the pnpm that wrote it.`;
  return { name: "pnpm", version: "9", from: lockfile, warning };
}

/** `name@version+hash`: https://nodejs.org/api/packages.html#packagemanager */
async function findPin(files: SourceFiles, folders: readonly string[]): Promise<Pin | undefined> {
  for (const folder of new Set(folders)) {
    const packageJson = await files.packageJson(folder);
    if (packageJson?.packageManager === undefined) continue;
    const pin = packageJson.packageManager.slice(0, 1000).trim();
    const match = /^(npm|pnpm|yarn|bun)(?:@([^+]*))?(?:\+.*)?$/.exec(pin);
    const from = `${files.join(folder, "package.json")} packageManager`;
    if (match) return { name: match[1] as ManagerName, version: range(match[2]), from };
    throw new BerthError(
      "package_manager_unclear",
      `${from} is '${pin.slice(0, 60)}', which is none that builds can use.`,
      {
        hint: "Name npm, pnpm, yarn or bun with a version, such as pnpm@10.12.1, or leave the field out.",
      },
    );
  }
  return undefined;
}

interface VersionQuestion {
  name: ManagerName;
  workspaceRoot: string;
  lockfile: string | undefined;
}

/** Each lockfile format has the versions that read it without rewriting it; `engines` counts where it names a version. */
async function versionWanted(files: SourceFiles, question: VersionQuestion): Promise<string | null> {
  const { name, workspaceRoot, lockfile } = question;
  const text =
    lockfile === undefined || lockfile === "bun.lockb" ? undefined : await files.text(workspaceRoot, lockfile);
  if (name === "yarn") return await yarnVersion(files, { workspaceRoot, text });
  const wished = engineRange((await files.packageJson(workspaceRoot)) ?? {}, name);
  if (name === "pnpm") return pnpmVersion({ text, wished });
  return name === "bun" ? wished : null; // npm is paired with the Node
}

/** https://github.com/pnpm/spec/tree/master/lockfile: 5.x up to pnpm 7, 6.x is pnpm 8, 9.0 is pnpm 9 and later. */
function pnpmVersion({ text, wished }: { text: string | undefined; wished: string | null }): string | null {
  const format = pnpmFormat(text ?? "") ?? 9;
  if (format < 9) return format < 5.3 ? "6" : format < 6 ? "7" : "8";
  if (wished === null || semver.intersects(wished, "10")) return semver.valid(wished) ?? "10";
  return wished;
}

function pnpmFormat(lockfile: string): number | undefined {
  const found = /^lockfileVersion:\s*['"]?(\d+(?:\.\d+)?)/m.exec(lockfile)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Berry's lockfile says by its format which major wrote it; `yarnPath` of .yarnrc.yml says the very version. */
async function yarnVersion(
  files: SourceFiles,
  { workspaceRoot, text }: { workspaceRoot: string; text: string | undefined },
): Promise<string> {
  const settings = await yarnSettings(files, workspaceRoot);
  const kept = settings.map((text) => range(/^yarnPath:.*yarn-(\d+\.\d+\.\d+)\.c?js/m.exec(text)?.[1]));
  const nearest = kept.find((version) => version !== null);
  if (nearest) return nearest;
  const format = /^__metadata:\s+version: (\d+)/m.exec(text ?? "")?.[1];
  if (format !== undefined) return yarnOfFormat(Number(format), text!);
  return text === undefined && settings.length > 0 ? "4" : "1";
}

/** Of the folder and of those above it, the nearest first: a `yarnPath` there is what Yarn hands over to. */
async function yarnSettings(files: SourceFiles, folder: string): Promise<string[]> {
  const own = await files.text(folder, ".yarnrc.yml");
  const above = folder === "." ? [] : await yarnSettings(files, posix.dirname(folder));
  return own === undefined ? above : [own, ...above];
}

/**
 * `--immutable` fails on a lockfile that this Yarn would write otherwise, so each format has the versions that leave it
 * alone: 3.1 wrote 5, all later 3.x write 6; 4.0 to 4.13 write 8, with the cache's key before each checksum from 4.1 on;
 * 4.14 writes 9, and those after it 10.
 */
function yarnOfFormat(format: number, text: string): string {
  if (format >= 10) return "4";
  if (format === 9) return "4.14";
  if (format >= 7) return /^ {2}checksum: [^/\n]+$/m.test(text) ? "4.0" : "4.12";
  return format === 6 ? "3" : format === 5 ? "3.1" : "2";
}

function engineRange({ engines }: PackageJson, name: ManagerName): string | null {
  return range(engines?.[name]);
}

/** Only what is a version range goes on to an installer, for which a text may also be a URL or a path. */
function range(text: string | undefined): string | null {
  return text !== undefined && text.trim() !== "" && text.length < 100 ? semver.validRange(text) : null;
}
