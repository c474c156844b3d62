import { posix } from "node:path";
import { BerthError } from "../../model/errors.ts";
import type { Tree } from "../../model/tree.ts";

export interface PackageJson {
  name?: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  engines?: Record<string, string>;
  packageManager?: string;
  workspaces?: unknown;
}

/** A source tree, asked as a file system is; nothing of it is on a disk. Paths are relative to the source's top. */
export class SourceFiles {
  private readonly files: Set<string>;
  private readonly folders = new Map<string, Map<string, "file" | "directory">>();
  private readonly read: (path: string) => Promise<string | undefined>;

  constructor({ tree, readFile }: { tree: Tree; readFile(path: string): Promise<string | undefined> }) {
    this.read = readFile;
    this.files = new Set(tree.entries.map(({ path }) => path));
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
    try {
      const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
      if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as PackageJson;
    } catch (cause) {
      throw new BerthError("package_json_invalid", `${path} does not parse: ${(cause as Error).message}.`, {
        hint: "Mend the JSON; an editor or 'node -p' shows the place.",
        cause,
      });
    }
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
