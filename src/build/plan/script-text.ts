import { posix } from "node:path";
import type { PackageJson } from "./source-files.ts";

/** Names that builds go by, the likeliest first; the later ones are for repositories without a `build`. */
const SCRIPTS = [
  "build",
  "generate",
  "docs:build",
  "build:docs",
  "docs-build",
  "build-docs",
  "docs:generate",
  "build:site",
  "site:build",
  "build:website",
  "build-website",
  "website:build",
  "build:web",
  "web:build",
  "build:prod",
  "build:production",
  "production",
  "build-storybook",
  "storybook:build",
  "build:storybook",
  "typedoc",
  "docs",
  "doc",
];

/** Of these names many a script serves the pages, or writes a file or two. */
const OFTEN_OTHER = new Set(["docs", "doc"]);
const WRITES_DOCUMENTATION =
  /\b(?:typedoc|jsdoc|compodoc|esdoc|eleventy|documentation build|(?:astro|vitepress|vuepress|docusaurus|rspress|storybook) build)\b/;
const SERVES = /(?:^|\s)(?:--?serve|--?watch|-s|-w|serve|dev|start)(?=\s|$)/;

/** Of one script. A person's is shorter, and the patterns' work is bounded by it. */
const LOOKED_AT = 4000;

/** What stands there only so that `npm run build` does not complain. */
const PLACEHOLDER = /^echo\b.*(\bexit 1|no build\b.*)$/i;

export interface Script {
  name: string;
  /** Its own text and that of the scripts that it runs. */
  text: string;
}

export function buildScripts({ scripts = {} }: PackageJson): Script[] {
  const isPlaceholder = (text: string) => PLACEHOLDER.test(text.slice(0, LOOKED_AT).trim());
  return SCRIPTS.filter((name) => Object.hasOwn(scripts, name) && !isPlaceholder(scripts[name]!))
    .map((name) => ({ name, text: expand(scripts, name) }))
    .filter(({ name, text }) => !OFTEN_OTHER.has(name) || (WRITES_DOCUMENTATION.test(text) && !SERVES.test(text)));
}

/** Their `build` makes a server, and this the files. */
const EXPORTS = /\b(?:next|sapper) export\b/;
/** What is done with a site when it is built. */
const PUBLISHES = /\b(?:gh-pages|git push|surge|firebase|netlify|vercel|now|aws|gsutil|rsync|scp)\b/;

/** The script that exports pages where the one that builds does not do so; undefined of none. */
export function exportScript({ scripts = {} }: PackageJson, build: Script): Script | undefined {
  if (EXPORTS.test(`${build.text}\n${scripts[`post${build.name}`] ?? ""}`)) return undefined;
  return Object.keys(scripts)
    .map((name) => ({ name, text: expand(scripts, name) }))
    .find(({ text }) => EXPORTS.test(text) && !PUBLISHES.test(text));
}

/** Not for its pages: what is done after, before or instead of a build. */
const NO_BUILD =
  /^(pre|post)|\b(dev|start|serve|watch|preview|test|e2e|lint|deploy|publish|release|analy[sz]e|stats|debug|profile)\b/i;

/** A script of any other name that builds with one of these programs: `site`, `build:app`, `prod`. */
export function scriptRunning(
  { scripts = {} }: PackageJson,
  { programs, named }: { programs: readonly string[]; named: RegExp },
): Script | undefined {
  return Object.keys(scripts)
    .filter((name) => named.test(name) && !NO_BUILD.test(name))
    .map((name) => ({ name, text: expand(scripts, name) }))
    .filter(({ text }) => !SERVES.test(text) && !PUBLISHES.test(text))
    .find(({ text }) => programs.some((program) => BUILDS.some((word) => runsProgram(text, `${program} ${word}`))));
}

const BUILDS = ["build", "generate", "export"];

/** Texts of the scripts that a command line runs. */
export function scriptsNamedIn(line: string, { scripts = {} }: PackageJson): string[] {
  const names = line.split(/[\s"'&;|]+/).filter((word) => Object.hasOwn(scripts, word));
  return names.map((name) => expand(scripts, name));
}

/** Follows `npm run x`, `run-s x y` and the like: every word that is a script's name counts. */
function expand(scripts: Record<string, string>, name: string): string {
  const seen = new Set<string>();
  const pending = [name];
  const texts: string[] = [];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const text = scripts[next]!.slice(0, LOOKED_AT);
    texts.push(text);
    const runsOthers = /\b(npm|pnpm|yarn|bun|run-[sp]|npm-run-all2?|concurrently|wireit)\b/.test(text);
    if (runsOthers) pending.push(...text.split(/[\s"'&;|]+/).filter((word) => Object.hasOwn(scripts, word)));
  }
  return texts.join("\n");
}

/**
 * Whether a command line runs this program: its name stands alone, as the first or a later word. Of a path it is the
 * program in a folder of programs alone: `tool build ./src/nuxt` does not run nuxt.
 */
export function runsProgram(text: string, program: string): boolean {
  const escaped = program.replace(/[^\w-]/g, "\\$&");
  return new RegExp(`(^|[\\s"';&|(]|\\bbin/)${escaped}(?=$|[\\s"';&|)])`, "m").test(text);
}

/** Compilers of libraries: what they write is no site. */
const MAKES_LIBRARY =
  /(?:^|&&|;)\s*(?:cross-env )?(?:\w+=\S+ )*(tsc|tsup|tsdown|unbuild|microbundle|bunchee|pkgroll|father|babel|swc|rslib|ng-packagr|nuxt-module-build)\b/;

export function makesLibrary(text: string): boolean {
  return MAKES_LIBRARY.test(text);
}

/** Folders that a command line names as its output, such as `--outDir ../site`; of a page, such as `-o out/index.html`, its folder. */
export function outputFlags(text: string): string[] {
  const pattern =
    /(?:^|\s)(?:--(?:outDir|out-dir|output-dir|dist-dir|output-path|output|out|dest)(?:=|\s+)|-o\s+)["']?([\w@./-]+)/g;
  const named = [...text.matchAll(pattern)].map((match) => match[1]!).filter((folder) => !folder.startsWith("-"));
  return named.map((path) => (/(^|\/)index\.html$|\/[\w.-]+\.html$/.test(path) ? posix.dirname(path) : path));
}

/** Folders that a command line goes into, such as `cd website && …` or `--prefix website`. */
export function enteredFolders(text: string): string[] {
  const pattern =
    /(?:^|[\s;&])(?:cd\s+|--prefix(?:=|\s+)|--cwd(?:=|\s+)|(?:pnpm|yarn)\s+(?:-C|--dir)\s+)["']?([\w@./-]+)/g;
  return [...text.matchAll(pattern)].map((match) => match[1]!).filter((folder) => !folder.startsWith("-"));
}

/** Members of a workspace that a command line names: `--filter=web...`, `-w web`, `yarn workspace web`, `nx build web`. */
export function membersNamedIn(text: string): Set<string> {
  const patterns = [
    /(?:^|\s)(?:--filter|-F|--workspace|-w|--scope|--project|--projects|-C|--dir|--prefix|--cwd)(?:=|\s+)["']?\{?(?:\.\/)?([@\w./-]+?)(?:\.\.\.)?\}?["']?(?=$|[\s;&|])/gm,
    /\b(?:yarn\s+workspace|cd)\s+["']?(?:\.\/)?([@\w./-]+)/g,
    /\bnx\s+(?:run\s+)?(?:build\s+)?([@\w./-]+)(?::\w+)?/g,
  ];
  return new Set(
    patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]!.replace(/\/$/, ""))),
  );
}

/** Package managers that a command line calls, npm left out. */
export function managersCalled(text: string): ("pnpm" | "yarn" | "bun")[] {
  const names = [
    ["pnpm", ["pnpm", "pnpx"]],
    ["yarn", ["yarn"]],
    ["bun", ["bun", "bunx"]],
  ] as const;
  return names.filter(([, programs]) => programs.some((name) => runsProgram(text, name))).map(([name]) => name);
}
