import { posix } from "node:path";
import { FRAMEWORKS } from "./frameworks.ts";
import type { SourceFiles } from "./source-files.ts";

export interface DetectedFramework {
  id: string;
  /** The framework's own build command, for a package.json without a script. */
  command: string | undefined;
  /** Folders that it writes, seen from the root, the likeliest first. */
  outputs: string[];
}

/** Asks @netlify/build-info, then our table, where that errs. A forced framework is taken by its id. */
export async function detectFramework(
  files: SourceFiles,
  { root, force }: { root: string; force?: string },
): Promise<DetectedFramework | undefined> {
  const advice = await askBuildInfo(files, { root, force });
  const id = force ?? advice?.id;
  if (id === undefined) return undefined;
  const own = FRAMEWORKS[id];
  const outputs = [...((await own?.outputs?.(files, root)) ?? []), ...(advice?.directory ? [advice.directory] : [])];
  return {
    id,
    command: own?.command ?? advice?.command,
    outputs: [...new Set([...outputs, "dist", "build", "out", "public"])],
  };
}

async function askBuildInfo(files: SourceFiles, { root, force }: { root: string; force: string | undefined }) {
  // Loaded late: it takes a tenth of a second, and most plain sites never need it.
  const { Project, FileSystem } = await import("@netlify/build-info");
  const top = "/source";
  const inside = (path: string) => posix.relative(top, posix.resolve(top, path)) || ".";
  class TreeFileSystem extends FileSystem {
    override cwd = top;
    override getEnvironment() {
      return "node" as never;
    }
    override async fileExists(path: string) {
      return files.has(".", inside(path)) || files.hasFolder(inside(path));
    }
    override async readDir(path: string, withTypes?: true): Promise<never> {
      const entries = files.entriesIn(inside(path)) ?? new Map();
      return (withTypes ? Object.fromEntries(entries) : [...entries.keys()]) as never;
    }
    override async readFile(path: string) {
      const text = await files.text(".", inside(path));
      if (text === undefined) throw new Error(`no file ${path}`);
      return text;
    }
    override resolve(...paths: string[]) {
      return posix.resolve(top, ...paths);
    }
    override isAbsolute(path: string) {
      return path.startsWith("/");
    }
  }
  const project = new Project(new TreeFileSystem() as never, posix.join(top, root), top)
    .setEnvironment({})
    .setReportFn(() => undefined);
  const found = (await project.detectFrameworksInPath(posix.join(top, root)).catch(() => undefined)) ?? [];
  const chosen = found.find(({ id }) => id === force) ?? found[0];
  if (chosen === undefined) return undefined;
  return { id: chosen.id, command: chosen.build?.command, directory: chosen.build?.directory };
}
