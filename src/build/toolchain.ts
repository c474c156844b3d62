import { mkdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import semver from "semver";
import { BerthError } from "../model/errors.ts";
import { evictTools } from "./toolchain/evict.ts";
import { keepPackage } from "./toolchain/keep-package.ts";
import type { NpmCommand } from "./toolchain/npm.ts";
import { isUnknownVersion, resolveVersion } from "./toolchain/resolve-version.ts";
import { keepStandIns } from "./toolchain/stand-ins.ts";

export const PACKAGE_MANAGERS = ["npm", "pnpm", "yarn", "bun"] as const;
export type PackageManagerName = (typeof PACKAGE_MANAGERS)[number];

/** A program with its version, as it is put into the sandbox. */
export interface Tool {
  version: string;
  /** Folders of the host, read-only inside, below `/opt`. */
  mounts: { host: string; inside: string }[];
  /** Folders inside that go before the default PATH. */
  path: string[];
  /** It is another version than the one that was asked for, and why. */
  warning?: string;
}

export interface Toolchains {
  /**
   * @param wanted a version, or a range such as `24`, `22.11.0`, `>=20`, `lts/*`; null is the default
   * @throws BerthError `toolchain_unavailable`
   */
  node(wanted: string | null): Promise<Tool>;
  /**
   * @param node full version of the Node that it runs on
   * @throws BerthError `toolchain_unavailable`
   */
  packageManager(wanted: { name: PackageManagerName; version?: string | null; node: string }): Promise<Tool>;
  /** Programs that stand in for others that builds call: Corepack. */
  standIns(): Promise<Tool>;
}

/** All that is kept for builds. */
export interface ToolchainStore {
  /**
   * For one build: what it was given stays on the disk until it is given back.
   * @param onFetch gets the name of what has to be fetched first, such as `node 24.11.0`
   */
  lend(onFetch?: (name: string) => void): LentToolchains;
}

export interface LentToolchains extends Toolchains {
  /** Resolves when what does not fit any more is removed, which nobody needs to wait for. Never rejects. */
  giveBack(): Promise<void>;
}

export interface ToolchainSettings {
  /** Where toolchains are kept; made if need be. */
  directory: string;
  /** What may be kept in all; the default ones and those in use stay, even beyond it. */
  maxBytes: number;
  onFault?: (error: unknown) => void;
  npm: NpmCommand;
  /** `process.arch` by default. */
  architecture?: "x64" | "arm64";
}

/** Node for projects that name none. */
export const DEFAULT_NODE = "24";

/** For projects that name no version: by name, the first whose range of Node versions fits. */
const DEFAULT_MANAGERS: Record<PackageManagerName, readonly (readonly [node: string, version: string])[]> = {
  npm: [
    [">=22.9.0 || ^20.17.0", "11.21.2"],
    [">=20.5.0 || ^18.17.0", "10.9.9"],
    [">=16.14.0", "8.19.4"],
    [">=12", "6.14.18"],
  ],
  pnpm: [
    [">=18.12.0", "10.34.8"],
    [">=16.14.0", "8.15.9"],
    [">=14", "7.33.7"],
  ],
  yarn: [[">=4", "1.22.22"]],
  bun: [["*", "1.4.5"]],
};

export function openToolchains(settings: ToolchainSettings): ToolchainStore {
  const { directory, maxBytes, onFault = () => undefined } = settings;
  const underway = new Map<string, Promise<string>>();
  /** How many builds have a folder. */
  const holders = new Map<string, number>();
  /** Folders that were there at the last look, which all fitted. */
  let fitting: ReadonlySet<string> = new Set();
  const evict = async (used: ReadonlySet<string>) => {
    if ([...used].every((folder) => fitting.has(folder))) return;
    const stays = (folder: string, all: readonly string[]) => holders.has(folder) || isDefault(folder, all);
    fitting = await evictTools(directory, { maxBytes, stays });
  };
  return {
    lend(onFetch = () => undefined) {
      const used = new Set<string>();
      const onUse = (folder: string) => {
        if (!used.has(folder)) holders.set(folder, (holders.get(folder) ?? 0) + 1);
        used.add(folder);
      };
      const giveBack = async () => {
        for (const folder of used) {
          const left = holders.get(folder)! - 1;
          if (left === 0) holders.delete(folder);
          else holders.set(folder, left);
        }
        await evict(used).catch(onFault);
      };
      return { ...lendFrom(settings, { underway, onUse, onFetch }), giveBack };
    },
  };
}

/** Those that projects get which ask for nothing: of Node the newest that is there. */
function isDefault(folder: string, all: readonly string[]): boolean {
  const dash = folder.indexOf("-");
  const [name, version] = [folder.slice(0, dash), folder.slice(dash + 1)];
  if (name !== "node") return DEFAULT_MANAGERS[name as PackageManagerName].some(([, fitting]) => fitting === version);
  const nodes = all.filter((other) => other.startsWith("node-")).map((other) => other.slice("node-".length));
  return semver.maxSatisfying(nodes, DEFAULT_NODE) === version;
}

interface Lending {
  underway: Map<string, Promise<string>>;
  /** Before it is looked for. */
  onUse(folder: string): void;
  onFetch(name: string): void;
}

function lendFrom(
  { directory, npm, architecture = currentArchitecture() }: ToolchainSettings,
  { underway, onUse, onFetch }: Lending,
): Toolchains {
  const fetchExact = async ({ name, packageName, programs, links }: ToolSource, version: string): Promise<Tool> => {
    const folder = `${name}-${version}`;
    onUse(folder);
    const wanted = { folder, packageName, version, links, onFetch: () => onFetch(`${name} ${version}`) };
    const running = underway.get(folder) ?? keepPackage({ directory, npm }, wanted);
    underway.set(folder, running);
    try {
      const host = await running;
      const now = new Date();
      await utimes(join(directory, folder), now, now);
      return { version, mounts: [{ host, inside: `/opt/${folder}` }], path: [`/opt/${folder}/${programs}`] };
    } finally {
      // What failed is tried anew; what is kept is found on the disk.
      underway.delete(folder);
    }
  };
  const fetchTool = async (source: ToolSource, wanted: { range: string; preferred?: string }): Promise<Tool> => {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    const { name, packageName } = source;
    const resolve = (range: string, preferred: string | undefined) =>
      resolveVersion({ directory, npm }, { name, packageName, wanted: range, preferred });
    try {
      return await fetchExact(source, await resolve(wanted.range, wanted.preferred));
    } catch (error) {
      const exact = semver.parse(wanted.range);
      if (exact === null || !isUnknownVersion(error)) throw error;
      const nearest = await resolve(`${exact.major}.x`, `~${exact.major}.${exact.minor}.0`);
      const warning = `${name} ${exact.version} can't be had: ${nearest} is the nearest.`;
      return { ...(await fetchExact(source, nearest)), warning };
    }
  };
  const manager = (name: PackageManagerName, range: string) =>
    fetchTool(managerSource({ name, range, architecture }), { range });
  return {
    async node(wanted) {
      const packageName = `node-linux-${architecture}`;
      const source = { name: "node", packageName, programs: `node_modules/${packageName}/bin` };
      const node = await fetchTool(source, { range: nodeRange(wanted), preferred: DEFAULT_NODE });
      // The package holds node alone, and scripts of every project call npm and npx.
      const npmTool = await manager("npm", defaultManager("npm", node.version));
      return {
        ...node,
        mounts: [...node.mounts, ...npmTool.mounts],
        path: [...node.path, ...npmTool.path],
      };
    },
    async packageManager({ name, version, node }) {
      const tool = await manager(name, version || defaultManager(name, node));
      // The default npm is there already, with Node.
      const isThere = name === "npm" && tool.version === defaultManager("npm", node);
      return isThere ? { ...tool, mounts: [] } : tool;
    },
    async standIns() {
      const inside = "/opt/stand-ins";
      return { version: "", mounts: [{ host: await keepStandIns(directory), inside }], path: [inside] };
    },
  };
}

interface ToolSource {
  name: string;
  packageName: string;
  /** Folder of its programs in the kept folder. */
  programs: string;
  links?: readonly (readonly [path: string, target: string])[];
}

/** What people write in `.nvmrc` and in `engines`. */
function nodeRange(wanted: string | null): string {
  const text = wanted?.trim().replace(/^v(?=\d)/, "") ?? "";
  if (text === "" || /^(lts\/\*|lts\/?|node|latest|current|stable|\*)$/i.test(text)) return DEFAULT_NODE;
  const name = /^lts\/(.+)$/i.exec(text)?.[1]?.toLowerCase();
  if (name === undefined) return text;
  const major = LTS_NAMES[name];
  if (major !== undefined) return major;
  throw new BerthError("toolchain_unavailable", `There is no Node release line 'lts/${name}'.`, {
    hint: `Ask for a version by its number, such as ${DEFAULT_NODE}.`,
  });
}

/** https://github.com/nodejs/Release */
const LTS_NAMES: Readonly<Record<string, string>> = {
  gallium: "16",
  hydrogen: "18",
  iron: "20",
  jod: "22",
  krypton: "24",
};

function defaultManager(name: PackageManagerName, node: string): string {
  const fitting = DEFAULT_MANAGERS[name].find(([range]) => semver.satisfies(node, range));
  if (fitting) return fitting[1];
  throw new BerthError("toolchain_unavailable", `No version of ${name} is known that runs on Node ${node}.`, {
    hint: `Ask for a newer Node (such as ${DEFAULT_NODE}), or name the version in package.json's 'packageManager'.`,
  });
}

interface ManagerChoice {
  name: PackageManagerName;
  range: string;
  architecture: "x64" | "arm64";
}

function managerSource({ name, range, architecture }: ManagerChoice): ToolSource {
  if (name === "bun") {
    const packageName = architecture === "x64" ? "@oven/bun-linux-x64" : "@oven/bun-linux-aarch64";
    const programs = `node_modules/${packageName}/bin`;
    return { name, packageName, programs, links: [[`${programs}/bunx`, "bun"]] };
  }
  // Yarn from 2 on is published under a name of its own (https://yarnpkg.com/corepack).
  const least = semver.validRange(range) === null ? null : semver.minVersion(range);
  const modernYarn = name === "yarn" && least !== null && least.major >= 2;
  return { name, packageName: modernYarn ? "@yarnpkg/cli-dist" : name, programs: "node_modules/.bin" };
}

function currentArchitecture(): "x64" | "arm64" {
  if (process.arch === "x64" || process.arch === "arm64") return process.arch;
  throw new BerthError("toolchain_unavailable", `There is no Node to be had for the architecture '${process.arch}'.`, {
    hint: "Run builders on x64 or arm64.",
  });
}
