import { isFreeName } from "../../model/variables.ts";
import { parseToml } from "../toml.ts";
import { folderName } from "./framework-outputs.ts";
import type { SourceFiles } from "./source-files.ts";

/** What a deployment is for; it decides which of a file's contexts count. */
export interface BuildContext {
  production: boolean;
  branch: string | null;
}

/** What the repository's own files for other hosts say of the build; a field is absent when they do not say it. */
export interface HostFile {
  /** Path of the file, for `inspect`. */
  from: string;
  /** A line for a shell. Empty: nothing is to be run. */
  buildCommand?: string;
  /** Empty: nothing is to be installed. */
  installCommand?: string;
  /** As that host names it. */
  framework?: string;
  /** Seen from the site's folder. */
  output?: string;
  env: Record<string, string>;
}

/** `build.base` of a netlify.toml at the top of the source: the folder of the site. */
export async function netlifyBase(files: SourceFiles): Promise<string | undefined> {
  const base = textOf(tableOf((await readToml(files, "."))?.build)?.base);
  const folder = base === undefined ? undefined : folderName(base);
  return folder === undefined || folder.startsWith("..") ? undefined : folder;
}

/** netlify.toml, then vercel.json, of the site's folder; a netlify.toml at the top counts when its base is that folder. */
export async function readHostFiles(
  files: SourceFiles,
  { root, context }: { root: string; context: BuildContext },
): Promise<{ found: HostFile[]; warnings: string[] }> {
  const warnings: string[] = [];
  const reading = { root, context, warnings };
  const found = [
    (await readNetlify(files, { ...reading, folder: root })) ??
      (root !== "." && (await netlifyBase(files)) === root
        ? await readNetlify(files, { ...reading, folder: "." })
        : undefined),
    await readVercel(files, reading),
  ].filter((file) => file !== undefined);
  return { found, warnings };
}

/** Whether the folder's own files say what to run or to publish, so that nothing is left to be found. */
export async function saysWhatToBuild(files: SourceFiles, folder: string): Promise<boolean> {
  const context = { production: true, branch: null };
  const { found } = await readHostFiles(files, { root: folder, context });
  return found.some(({ buildCommand, output }) => (buildCommand ?? output) !== undefined);
}

interface Reading {
  root: string;
  context: BuildContext;
  warnings: string[];
}

/**
 * https://docs.netlify.com/build/configure-builds/file-based-configuration/: `publish` is seen from `base`; a context's
 * values go before those of [build], and the branch's own context before the general ones.
 */
async function readNetlify(
  files: SourceFiles,
  { root, folder, context, warnings }: Reading & { folder: string },
): Promise<HostFile | undefined> {
  if (!files.has(folder, "netlify.toml")) return undefined;
  const from = files.join(folder, "netlify.toml");
  const parsed = await readToml(files, folder);
  if (parsed === undefined) {
    warnings.push(`${from} does not parse: its build settings are not used.`);
    return undefined;
  }
  const build = tableOf(parsed.build) ?? {};
  const base = textOf(build.base);
  // Written for another folder than the one that is built.
  if (base !== undefined && files.join(folder, folderName(base)) !== root) return undefined;
  const unused = [
    ...unusedKeys(build, { section: "build", used: NETLIFY_BUILD }),
    ...unusedKeys(parsed, { section: "", used: NETLIFY_SECTIONS }),
    ...(Array.isArray(parsed.plugins)
      ? parsed.plugins.map((plugin) => `plugin ${textOf(tableOf(plugin)?.package)}`)
      : []),
  ];
  if (unused.length > 0) warnings.push(notUsed(from, unused));
  const layers = [...contextsOf(parsed, context), build];
  const first = (key: string) => layers.map((layer) => textOf(layer[key])).find((text) => text !== undefined);
  const publish = first("publish");
  return {
    from,
    env: Object.assign({}, ...layers.map(({ environment }) => environmentOf(environment)).reverse()),
    ...optional("buildCommand", first("command")?.trim()),
    // Next.js and others are published from here by plugins of that host.
    ...optional(
      "output",
      publish === undefined || /^\.(next|netlify)\b/.test(publish) ? undefined : folderName(publish),
    ),
  };
}

const NETLIFY_BUILD = new Set(["base", "command", "publish", "environment"]);
/** Those that count here or in serving, whose plugins are named one by one, or that concern a developer's machine alone. */
const NETLIFY_SECTIONS = new Set(["build", "context", "plugins", "redirects", "headers", "dev", "template"]);

/** A preview is a deployment of a branch, so the contexts of branches come before those of pull requests. */
function contextsOf(parsed: Record<string, unknown>, { production, branch }: BuildContext): Record<string, unknown>[] {
  const names = [
    ...(branch === null ? [] : [branch]),
    ...(production ? ["production"] : ["branch-deploy", "deploy-preview"]),
  ];
  const contexts = tableOf(parsed.context) ?? {};
  return names
    .map((name) => (Object.hasOwn(contexts, name) ? tableOf(contexts[name]) : undefined))
    .filter((table) => table !== undefined);
}

/** https://vercel.com/docs/project-configuration: null is as good as absent, an empty text means 'nothing to run'. */
async function readVercel(files: SourceFiles, { root, warnings }: Reading): Promise<HostFile | undefined> {
  const text = await files.text(root, "vercel.json");
  if (text === undefined) return undefined;
  const from = files.join(root, "vercel.json");
  try {
    const parsed = tableOf(JSON.parse(text.replace(/^\uFEFF/, ""))) ?? {};
    const output = textOf(parsed.outputDirectory) ?? legacyOutput(parsed.builds);
    const unused = unusedKeys(parsed, { section: "", used: VERCEL_USED });
    if (unused.length > 0) warnings.push(notUsed(from, unused));
    return {
      from,
      env: environmentOf(tableOf(parsed.build)?.env),
      ...optional("buildCommand", textOf(parsed.buildCommand)?.trim()),
      ...optional("installCommand", textOf(parsed.installCommand)?.trim()),
      ...optional("framework", textOf(parsed.framework)?.trim() || undefined),
      ...optional("output", output === undefined || /^\.(next|vercel)\b/.test(output) ? undefined : folderName(output)),
    };
  } catch {
    warnings.push(`${from} does not parse: its build settings are not used.`);
    return undefined;
  }
}

/** Those that count here, in serving, or on that host alone without a loss to the site. */
const VERCEL_USED = new Set(
  (
    "$schema version name alias public scope github git regions build builds buildCommand installCommand outputDirectory " +
    "framework devCommand cleanUrls trailingSlash redirects rewrites headers routes"
  ).split(" "),
);

function unusedKeys(table: Record<string, unknown>, { section, used }: { section: string; used: ReadonlySet<string> }) {
  const keys = Object.keys(table).filter((key) => !used.has(key) && /^[\w$-]{1,40}$/.test(key));
  return keys.map((key) => (section === "" ? key : `${section}.${key}`));
}

function notUsed(from: string, names: readonly string[]): string {
  return `${from} has what builds here don't use: ${[...new Set(names)].slice(0, 12).join(", ").slice(0, 300)}.`;
}

/** `builds` of old, with `@vercel/static-build` and its `distDir`. */
function legacyOutput(builds: unknown): string | undefined {
  if (!Array.isArray(builds) || builds.length !== 1) return undefined;
  return textOf(tableOf(tableOf(builds[0])?.config)?.distDir);
}

async function readToml(files: SourceFiles, folder: string): Promise<Record<string, unknown> | undefined> {
  const text = await files.text(folder, "netlify.toml");
  if (text === undefined) return undefined;
  try {
    return parseToml(text);
  } catch {
    return undefined;
  }
}

function environmentOf(table: unknown): Record<string, string> {
  const entries = Object.entries(tableOf(table) ?? {}).filter(([name]) => isFreeName(name));
  const texts = entries.filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return Object.fromEntries(
    texts.map(([name, value]) => [name, String(value)]).filter(([, value]) => !value!.includes("\0")),
  );
}

/** More than execve(2) takes as one argument is no command, and no name of a folder. */
const TEXT_MAX = 64 * 1024;

/** One with a NUL can be neither an argument nor a path. */
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.length <= TEXT_MAX && !value.includes("\0") ? value : undefined;
const tableOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
const optional = <Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } =>
  (value === undefined ? {} : { [key]: value }) as { [K in Key]?: string };
