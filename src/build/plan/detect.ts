import { posix } from "node:path";
import { FRAMEWORKS } from "./frameworks.ts";
import { runsProgram } from "./script-text.ts";
import { dependsOn, type Site } from "./site.ts";
import type { SourceFiles } from "./source-files.ts";

/**
 * Ids of the frameworks that the site uses, the likeliest first: @netlify/build-info's by its accuracy, then those
 * that only our table knows. Detection looks at names and at package.json; nothing of the source is run.
 */
export async function detectFrameworks({ files, root, packageJson }: Omit<Site, "commandText">): Promise<string[]> {
  const theirs = await askBuildInfo(files, root);
  const ours = Object.entries(FRAMEWORKS)
    .filter(([, { packages = [] }]) => packages.some((name) => dependsOn(packageJson, name)))
    .map(([id]) => id);
  const known = [...new Set([...theirs, ...ours])].filter((id) => Object.hasOwn(FRAMEWORKS, id));
  // Many are built by Vite: it is the framework where there is no other.
  return [...known.filter((id) => id !== "vite"), ...known.filter((id) => id === "vite")];
}

/** Of several, or else of all, the one whose program the build command runs; a tool that only helps with tests or pages is passed over. */
export function frameworkOf(ids: readonly string[], commandText: string): string | undefined {
  const runsOne = (id: string) => FRAMEWORKS[id]!.programs.some((program) => runsProgram(commandText, program));
  return ids.find(runsOne) ?? ids.find((id) => !NEVER_ALONE.has(id)) ?? Object.keys(FRAMEWORKS).find(runsByName);

  // A preset of somebody's may bring the framework, so that package.json doesn't name it.
  function runsByName(id: string): boolean {
    return FRAMEWORKS[id]!.programs[0] === id && runsProgram(commandText, id);
  }
}

/** In many repositories beside what they build: they count only when the command runs them. */
export const NEVER_ALONE = new Set([
  "storybook",
  "typedoc",
  "histoire",
  "webpack",
  "rspack",
  "rollup",
  "gulp",
  "grunt",
]);

async function askBuildInfo(files: SourceFiles, root: string): Promise<string[]> {
  // Loaded late: it takes a tenth of a second, and plain sites never need it.
  const { Project, FileSystem } = await import("@netlify/build-info");
  const top = "/source";
  const inside = (path: string) => posix.relative(top, posix.resolve(top, path)) || ".";
  class TreeFileSystem extends FileSystem {
    override cwd = top;
    override logger = SILENT;
    override getEnvironment() {
      return "browser" as never; // no node_modules to look into, and no process of ours to ask
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
      return text.replace(/^\uFEFF/, "");
    }
    override async gracefullyReadFile(path: string) {
      // The library looks in it for an output folder only, and gives up all that it has found when that is no text.
      return posix.basename(path) === "angular.json" ? null : await super.gracefullyReadFile(path);
    }
    override resolve(...paths: string[]) {
      return posix.resolve(top, ...paths);
    }
    override isAbsolute(path: string) {
      return path.startsWith("/");
    }
  }
  const project = new Project(new TreeFileSystem(), posix.join(top, root), top)
    .setEnvironment({})
    .setReportFn(() => undefined);
  const found = await project.detectFrameworksInPath(posix.join(top, root));
  // 4 and above: told by a package of the site itself. Below it a file that is merely named like a configuration.
  return found.filter(({ detected }) => detected.accuracy >= 4).map(({ id }) => id as string);
}

const silence = () => undefined;
const SILENT = { debug: silence, log: silence, info: silence, warn: silence, error: silence };
