import { posix } from "node:path";
import { BerthError } from "../../model/errors.ts";
import type { Tree } from "../../model/tree.ts";
import { findJsonFault } from "./json-fault.ts";

export interface PackageJson {
  name?: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  engines?: Record<string, string>;
  /** https://docs.volta.sh/guide/understanding: pinned versions of node, npm, … */
  volta?: Record<string, string>;
  packageManager?: string;
  workspaces?: unknown;
  /** It says what others get of it: a package for the registry, whatever site lies beside it. */
  isPublished?: boolean;
}

const CHOICES_SHOWN = 12;

/** A source tree, asked as a file system is; nothing of it is on a disk. Paths are relative to the source's top. */
export class SourceFiles {
  private readonly files: Set<string>;
  private readonly folders = new Map<string, Map<string, "file" | "directory">>();
  private readonly read: (path: string) => Promise<string | undefined>;

  constructor({ tree, readFile }: { tree: Tree; readFile(path: string): Promise<string | undefined> }) {
    this.read = readFile;
    // A link is never read: what it leads to is known only when it lies on a disk.
    this.files = new Set(tree.entries.filter(({ mode }) => mode !== "120000").map(({ path }) => path));
    this.folders.set(".", new Map());
    for (const path of this.files) this.note(path, "file");
  }

  join(...parts: string[]): string {
    return posix.normalize(posix.join(...parts)).replace(/(.)\/$/, "$1");
  }

  has(folder: string, name: string): boolean {
    return this.files.has(this.join(folder, name));
  }

  hasFolder(path: string): boolean {
    return this.folders.has(this.join(path));
  }

  /** Names in a folder with their kind; undefined when there is no such folder. */
  entriesIn(folder: string): Map<string, "file" | "directory"> | undefined {
    return this.folders.get(this.join(folder));
  }

  namesIn(folder: string): string[] {
    return [...(this.entriesIn(folder)?.keys() ?? [])].sort();
  }

  foldersIn(folder: string): string[] {
    return [...(this.entriesIn(folder) ?? [])]
      .filter(([, kind]) => kind === "directory")
      .map(([name]) => name)
      .sort();
  }

  /** The folder itself and those in it, for the hint of a setting that names another one. */
  choicesIn(folder: string): string {
    return [".", ...this.foldersIn(folder)]
      .slice(0, CHOICES_SHOWN)
      .map((name) => `'${name}'`)
      .join(", ");
  }

  pathsBelow(folder: string): string[] {
    if (folder === ".") return [...this.files];
    return [...this.files].filter((path) => path.startsWith(`${folder}/`));
  }

  async text(folder: string, name: string): Promise<string | undefined> {
    return this.has(folder, name) ? await this.read(this.join(folder, name)) : undefined;
  }

  /** @throws BerthError `package_json_invalid` */
  async packageJson(folder: string): Promise<PackageJson | undefined> {
    const text = await this.text(folder, "package.json");
    if (text === undefined) return undefined;
    const path = this.join(folder, "package.json");
    const parsed = parseJson(text.replace(/^\uFEFF/, ""), path);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return tidy(parsed);
    throw new BerthError("package_json_invalid", `${path} holds no JSON object.`, {
      hint: "Mend the file, or remove it.",
    });
  }

  private note(path: string, kind: "file" | "directory"): void {
    const folder = posix.dirname(path);
    const isKnown = this.folders.has(folder);
    const names = this.folders.get(folder) ?? new Map<string, "file" | "directory">();
    this.folders.set(folder, names.set(posix.basename(path), kind));
    if (!isKnown) this.note(folder, "directory");
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const fault = findJsonFault(text);
    const place = fault ? ` at line ${fault.line}, column ${fault.column}` : "";
    const reason = (cause as Error).message.replace(/^JSON Parse error: /, "");
    throw new BerthError("package_json_invalid", `${path} does not parse${place}: ${reason}.`, {
      hint: "Mend the JSON there: a comma too many or too few, a comment or a missing quote is the usual cause.",
      cause,
    });
  }
}

const TEXT_TABLES = [
  "scripts",
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
  "engines",
  "volta",
] as const;

/** Fields that nobody has who does not publish; `main` stands in what `npm init` writes for everybody. */
const PUBLISHED = ["exports", "bin", "files", "publishConfig"];

/** Anybody may have written anything: what is of another kind than documented is as good as absent. */
function tidy(parsed: object): PackageJson {
  const raw = parsed as Record<string, unknown>;
  const result: PackageJson = { workspaces: raw.workspaces };
  if (typeof raw.name === "string") result.name = raw.name;
  if (typeof raw.packageManager === "string") result.packageManager = raw.packageManager;
  if (raw.private !== true && PUBLISHED.some((key) => raw[key] !== undefined)) result.isPublished = true;
  for (const key of TEXT_TABLES) {
    const table = raw[key];
    if (typeof table !== "object" || table === null) continue;
    const texts = Object.entries(table).filter((entry): entry is [string, string] => typeof entry[1] === "string");
    result[key] = Object.fromEntries(texts);
  }
  return withDevEngines(result, raw.devEngines);
}

const MANAGERS = ["npm", "pnpm", "yarn", "bun"];

/**
 * What developers are to have goes before what users need: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#devengines
 * A manager's version is a range there, so it counts as one of `engines`, and not as a pin.
 */
function withDevEngines(packageJson: PackageJson, devEngines: unknown): PackageJson {
  const { runtime, packageManager } = (devEngines ?? {}) as { runtime?: unknown; packageManager?: unknown };
  const node = engineOf(runtime, ["node"]);
  const manager = engineOf(packageManager, MANAGERS);
  if (manager !== undefined) packageJson.packageManager ??= manager.name;
  for (const engine of [node, manager]) {
    if (engine?.version !== undefined) packageJson.engines = { ...packageJson.engines, [engine.name]: engine.version };
  }
  return packageJson;
}

/** One engine or a list of them: the first that builds can have. */
function engineOf(engines: unknown, names: readonly string[]): { name: string; version?: string } | undefined {
  const found = [engines].flat().find((engine) => names.includes((engine as { name?: string } | null)?.name ?? ""));
  const { name, version } = (found ?? {}) as { name?: string; version?: unknown };
  return name === undefined ? undefined : { name, ...(typeof version === "string" ? { version } : {}) };
}
