import { dependsOn } from "./site.ts";
import type { PackageJson, SourceFiles } from "./source-files.ts";

interface Runner {
  name: string;
  file: RegExp;
  /** A task of that name, in the words of its file. */
  task(name: string): RegExp;
  /** The one that runs without a name, up to its end. */
  byDefault: RegExp;
}

const RUNNERS: readonly Runner[] = [
  {
    name: "gulp",
    file: /^gulpfile(\.babel)?\.[cm]?[jt]s$/i,
    task: (name) =>
      new RegExp(
        `\\bexports\\.${name}\\s*=|\\btask\\(\\s*["']${name}["']|\\bexport\\s+(?:const|let|var|(?:async\\s+)?function)\\s+${name}\\b`,
      ),
    byDefault: /(?:\bexports\.default\s*=|\btask\(\s*["']default["']|\bexport\s+default\b)([^;]{0,1000})/,
  },
  {
    name: "grunt",
    file: /^gruntfile\.[cm]?js$/i,
    task: (name) => new RegExp(`\\bregisterTask\\(\\s*["']${name}["']`),
    byDefault: /\bregisterTask\(\s*["']default["']([^;]{0,1000})/,
  },
];

/** What the task that makes the whole is called, the likeliest first. */
const BUILDS = ["build", "build:dist", "build:prod", "build:production", "build-dist", "build-prod", "dist"];

/** Words of a task that never ends. */
const ENDLESS = /watch|serve|browser-?sync|live-?reload|connect|nodemon|\bdev\b/i;

/**
 * The command of a task runner, for a package.json without a script that builds: its task that builds, or the one that it
 * runs by default if that is no server or watcher. Told from the text; nothing of it is run.
 */
export async function taskCommand(
  files: SourceFiles,
  { root, packageJson }: { root: string; packageJson: PackageJson },
): Promise<{ name: string; command: string[] } | undefined> {
  for (const { name, file, task, byDefault } of RUNNERS) {
    const found = files.namesIn(root).find((candidate) => file.test(candidate) && files.has(root, candidate));
    if (found === undefined || !dependsOn(packageJson, name)) continue;
    const text = (await files.text(root, found)) ?? "";
    const build = BUILDS.find((candidate) => task(candidate).test(text));
    if (build !== undefined) return { name, command: [name, build] };
    const whole = byDefault.exec(text)?.[1];
    if (whole !== undefined && !ENDLESS.test(whole)) return { name, command: [name] };
  }
  return undefined;
}
