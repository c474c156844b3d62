import { isFreeName } from "../../model/variables.ts";
import { folderName } from "./framework-outputs.ts";
import type { SourceFiles } from "./source-files.ts";

/** What the repository's own files for other hosts say of the build; a field is absent when they do not say it. */
export interface HostFile {
  /** Path of the file, for `inspect`. */
  from: string;
  /** A line for a shell. Empty: nothing is to be run. */
  buildCommand?: string;
  /** Empty: nothing is to be installed. */
  installCommand?: string;
  /** Seen from the site's folder. */
  output?: string;
  env: Record<string, string>;
}

/** `build.base` of a netlify.toml at the top of the source: the folder of the site. */
export async function netlifyBase(files: SourceFiles): Promise<string | undefined> {
  const base = textOf((await readToml(files, "."))?.build?.base);
  const folder = base === undefined ? undefined : folderName(base);
  return folder === undefined || folder.startsWith("..") ? undefined : folder;
}

/** netlify.toml, then vercel.json, of the site's folder; a netlify.toml at the top counts when its base is that folder. */
export async function readHostFiles(
  files: SourceFiles,
  root: string,
): Promise<{ found: HostFile[]; warnings: string[] }> {
  const warnings: string[] = [];
  const found = [
    (await readNetlify(files, { root, folder: root, warnings })) ??
      (root !== "." && (await netlifyBase(files)) === root
        ? await readNetlify(files, { root, folder: ".", warnings })
        : undefined),
    await readVercel(files, { root, warnings }),
  ].filter((file) => file !== undefined);
  return { found, warnings };
}

interface Reading {
  root: string;
  folder: string;
  warnings: string[];
}

/** https://docs.netlify.com/build/configure-builds/file-based-configuration/: `publish` is seen from `base`. */
async function readNetlify(files: SourceFiles, { root, folder, warnings }: Reading): Promise<HostFile | undefined> {
  if (!files.has(folder, "netlify.toml")) return undefined;
  const from = files.join(folder, "netlify.toml");
  const parsed = await readToml(files, folder);
  if (parsed === undefined) {
    warnings.push(`${from} does not parse: its build settings are not used.`);
    return undefined;
  }
  const build = parsed.build ?? {};
  const base = textOf(build.base);
  // Written for another folder than the one that is built.
  if (base !== undefined && files.join(folder, folderName(base)) !== root) return undefined;
  const publish = textOf(build.publish);
  return {
    from,
    env: environmentOf(build.environment),
    ...optional("buildCommand", textOf(build.command)?.trim()),
    // Next.js and others are published from here by plugins of that host.
    ...optional(
      "output",
      publish === undefined || /^\.(next|netlify)\b/.test(publish) ? undefined : folderName(publish),
    ),
  };
}

/** https://vercel.com/docs/project-configuration: null is as good as absent, an empty text means 'nothing to run'. */
async function readVercel(
  files: SourceFiles,
  { root, warnings }: { root: string; warnings: string[] },
): Promise<HostFile | undefined> {
  const text = await files.text(root, "vercel.json");
  if (text === undefined) return undefined;
  const from = files.join(root, "vercel.json");
  try {
    const parsed = tableOf(JSON.parse(text.replace(/^\uFEFF/, ""))) ?? {};
    const output = textOf(parsed.outputDirectory) ?? legacyOutput(parsed.builds);
    return {
      from,
      env: environmentOf(tableOf(parsed.build)?.env),
      ...optional("buildCommand", textOf(parsed.buildCommand)?.trim()),
      ...optional("installCommand", textOf(parsed.installCommand)?.trim()),
      ...optional("output", output === undefined || /^\.(next|vercel)\b/.test(output) ? undefined : folderName(output)),
    };
  } catch {
    warnings.push(`${from} does not parse: its build settings are not used.`);
    return undefined;
  }
}

/** `builds` of old, with `@vercel/static-build` and its `distDir`. */
function legacyOutput(builds: unknown): string | undefined {
  if (!Array.isArray(builds) || builds.length !== 1) return undefined;
  return textOf(tableOf(tableOf(builds[0])?.config)?.distDir);
}

interface NetlifyToml {
  build?: Record<string, unknown>;
}

async function readToml(files: SourceFiles, folder: string): Promise<NetlifyToml | undefined> {
  const text = await files.text(folder, "netlify.toml");
  if (text === undefined) return undefined;
  try {
    return { build: tableOf(tableOf(Bun.TOML.parse(text))?.build) ?? {} };
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

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const tableOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
const optional = <Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } =>
  (value === undefined ? {} : { [key]: value }) as { [K in Key]?: string };
