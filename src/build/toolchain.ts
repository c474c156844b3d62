import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import semver from "semver";
import { BerthError } from "../model/errors.ts";
import type { ManagerName } from "./plan/package-manager.ts";

/** A program for builds: seen inside the sandbox, read-only, and found by `path`. */
export interface Tool {
  version: string;
  mounts: { host: string; inside: string }[];
  path: string[];
}

export interface Toolchains {
  /** `24`, `22.11` or `22.11.0`. @throws BerthError `toolchain_unavailable` */
  node(version: string): Promise<Tool>;
  /** `version` null is the platform's choice for this Node. @throws BerthError `toolchain_unavailable` */
  packageManager(wish: { name: ManagerName; version: string | null; node: string }): Promise<Tool>;
}

export interface ToolchainOptions {
  /** Tools are kept here once for all builds, each in a folder of its name and version. */
  directory: string;
  /** The operator's environment: the host's npm finds its registry, proxy and certificates by it. */
  variables: Readonly<Record<string, string | undefined>>;
}

/** Fetches tools from npm with the host's npm, which checks their integrity; no script of theirs is run. */
export function openToolchains(options: ToolchainOptions): Toolchains {
  const running = new Map<string, Promise<Tool>>();
  /** Callers that want the same tool at the same time share one fetch. */
  const get = (tool: Wanted): Promise<Tool> => {
    const key = `${tool.name}@${tool.range}`;
    const found = running.get(key) ?? findOrFetch(options, tool).finally(() => running.delete(key));
    running.set(key, found);
    return found;
  };
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  return {
    node: (version) => get({ name: "node", packageName: `node-linux-${arch}`, range: version }),
    packageManager: ({ name, version, node }) => get(managerPackage(name, { range: version ?? defaultRange(name, node), arch })),
  };
}

interface Wanted {
  /** Of the tool; its folder is mounted at `/opt/<name>`. */
  name: string;
  packageName: string;
  range: string;
}

function managerPackage(name: ManagerName, { range, arch }: { range: string; arch: string }): Wanted {
  if (name === "yarn" && !semver.intersects(range, "1")) return { name, packageName: "@yarnpkg/cli-dist", range };
  if (name === "bun") return { name, packageName: `@oven/bun-linux-${arch === "arm64" ? "aarch64" : "x64"}`, range };
  return { name, packageName: name, range };
}

/** npm is paired with the Node: a newer one does not run on an older Node. */
function defaultRange(name: ManagerName, node: string): string {
  const major = semver.major(node);
  if (name === "npm") return major >= 20 ? "11" : major >= 18 ? "10" : "9";
  if (name === "pnpm") return major >= 18 ? "10" : "7";
  return name === "yarn" ? "1" : "1";
}

/** A kept version that fits is used without asking the network. */
async function findOrFetch(options: ToolchainOptions, wanted: Wanted): Promise<Tool> {
  const kept = await findKept(options.directory, wanted);
  const version = kept ?? (await fetchTool(options, wanted));
  const host = join(options.directory, `${wanted.name}-${version}`, "node_modules");
  const inside = `/opt/${wanted.name}`;
  // npm links no programs of a package that declares none, such as Bun's binary package.
  const path = wanted.name === "bun" ? `${inside}/${wanted.packageName}/bin` : `${inside}/.bin`;
  return { version, mounts: [{ host, inside }], path: [path] };
}

async function findKept(directory: string, { name, range }: Wanted): Promise<string | undefined> {
  const names = await readdir(directory).catch(() => []);
  const versions = names.filter((entry) => entry.startsWith(`${name}-`)).map((entry) => entry.slice(name.length + 1));
  return semver.maxSatisfying(versions.filter((version) => semver.valid(version)), range) ?? undefined;
}

/** Made beside its place and renamed: a tool is there whole or not at all. */
async function fetchTool({ directory, variables }: ToolchainOptions, wanted: Wanted): Promise<string> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o755);
  const draft = await mkdtemp(join(directory, "draft-"));
  try {
    const spec = `${wanted.packageName}@${wanted.range}`;
    await npm(["install", "--prefix", draft, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error", "--", spec], {
      draft,
      variables,
      spec,
    });
    const manifest = join(draft, "node_modules", wanted.packageName, "package.json");
    const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
    await chmod(draft, 0o755);
    await rename(draft, join(directory, `${wanted.name}-${version}`)).catch((error: NodeJS.ErrnoException) => {
      // Another process has put the same version there meanwhile.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
    return version;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function npm(
  args: string[],
  { draft, variables, spec }: { draft: string; variables: ToolchainOptions["variables"]; spec: string },
): Promise<void> {
  const program = Bun.which("npm", { PATH: variables.PATH ?? "" });
  if (program === null) throw unavailable(spec, "npm is not on the platform's PATH");
  const child = Bun.spawn([program, ...args], { cwd: draft, env: { ...variables }, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [status, stderr] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  if (status === 0) return;
  const reason = /npm error (?:code )?(.+)/.exec(stderr)?.[1] ?? `npm ended with status ${status}`;
  throw unavailable(spec, reason);
}

function unavailable(spec: string, reason: string): BerthError {
  return new BerthError("toolchain_unavailable", `'${spec}' could not be fetched from npm: ${reason}.`, {
    hint: "Check that this version exists and that the platform reaches its npm registry; node_version and packageManager choose another one.",
  });
}
