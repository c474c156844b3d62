/**
 * The same build as the platform's, by hand: git clone --depth 1, the package manager's clean install, the build, a copy
 * into a web root; in a plain folder with a home of its own, which makes its package cache an empty one.
 */
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openToolchains, PACKAGE_MANAGERS, type PackageManagerName, type Tool } from "../../src/build/toolchain.ts";
import type { Deployment } from "../../src/model/deployment.ts";
import { logOf } from "../../test/support/deploy.ts";
import type { TestPlatform } from "../../test/support/platform.ts";
import { runToEnd } from "../../test/support/process.ts";

/** What a deployment was built with, for the same to be done again without the platform. */
export interface Recipe {
  /** Folder of the site in the repository. */
  root: string;
  /** As `inspect` shows them; null when there is nothing to install. */
  install: string | null;
  build: string;
  /** Seen from the root; null when it is not copied. */
  output: string | null;
  /** The lockfile's name: the install runs in the nearest folder upwards that has it. */
  lockfile: string | null;
  /** Folders of the platform's own toolchain, which the programs are found in. */
  path: readonly string[];
}

export interface HandOptions {
  /** Git URL; a path as `file://`, or git copies objects instead of fetching them. */
  url: string;
  commit?: string;
  limitSeconds?: number;
  /** Runs install and build as a user without rights, where this process is root: for code that nobody has read. */
  asNobody?: boolean;
}

/** undefined when the deployment ended before it was known what to run, or ran nothing. */
export async function recipeOf(platform: TestPlatform, deployment: Deployment): Promise<Recipe | undefined> {
  const { resolved } = deployment;
  const build = resolved.build_command?.value;
  const said = /^Node (\d+\.\d+\.\d+) \(.*?\), (\w+) (\d\S*) \(/m.exec(await logOf(platform, deployment.id));
  const manager = PACKAGE_MANAGERS.find((name) => name === said?.[2]);
  if (!build || said === null || manager === undefined) return undefined;
  return {
    root: resolved.root?.value ?? ".",
    install: resolved.install_command?.value || null,
    build,
    output: resolved.output_directory?.value ?? null,
    lockfile: resolved.install_command?.from ?? null,
    path: await toolchainPath(platform, { node: said[1]!, manager, version: said[3]! }),
  };
}

async function toolchainPath(
  { dataDirectory }: TestPlatform,
  { node, manager, version }: { node: string; manager: PackageManagerName; version: string },
): Promise<string[]> {
  const toolchains = openToolchains({
    directory: join(dataDirectory, "toolchains"),
    maxBytes: Number.POSITIVE_INFINITY,
    npm: { program: "npm", environment: Bun.env },
  }).lend();
  const nodeTool = await toolchains.node(node);
  const managerTool = await toolchains.packageManager({ name: manager, version, node });
  const mounts = [...managerTool.mounts, ...nodeTool.mounts];
  return [...managerTool.path, ...nodeTool.path].map((inside) => onHost(inside, mounts));
}

function onHost(inside: string, mounts: Tool["mounts"]): string {
  const mount = mounts.find((candidate) => inside.startsWith(`${candidate.inside}/`));
  if (mount === undefined) throw new Error(`no mount of the toolchain holds ${inside}`);
  return join(mount.host, inside.slice(mount.inside.length));
}

/** @returns milliseconds. @throws Error naming the step and its status (124 is the time limit's), with what the command printed */
export async function buildByHand(recipe: Recipe, options: HandOptions): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), "berth-by-hand-"));
  try {
    const [work, home] = [join(scratch, "work"), join(scratch, "home")];
    await mkdir(home);
    const env = await handEnvironment(home, recipe.path);
    const isolated = options.asNobody === true && process.getuid?.() === 0;
    const run = async (step: string, line: string, cwd: string) => {
      const limit = ["timeout", "--kill-after=5", `${options.limitSeconds ?? 1200}`];
      const command = [...limit, ...(isolated ? AS_NOBODY : []), "/bin/sh", "-c", line];
      await runToEnd(command, { cwd, env }).catch((error: Error) => {
        throw new Error(`${step}: '${line}'${error.message.slice(error.message.indexOf(" ended with "))}`);
      });
    };
    const start = performance.now();
    await checkOut(options, work);
    if (isolated) await runToEnd(["chown", "-R", `${NOBODY}:${NOBODY}`, scratch]);
    const root = join(work, recipe.root);
    if (recipe.install !== null) await run("install", recipe.install, await installFolder(work, recipe));
    await run("build", recipe.build, root);
    if (recipe.output !== null) await cp(join(root, recipe.output), join(scratch, "web-root"), { recursive: true });
    return performance.now() - start;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const NOBODY = 65534;
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--no-new-privs"];

async function checkOut({ url, commit }: HandOptions, work: string): Promise<void> {
  await runToEnd(["git", "clone", "--quiet", "--depth", "1", url, work]);
  if (commit === undefined) return;
  const git = (...args: string[]) => runToEnd(["git", "-C", work, ...args]);
  if ((await git("rev-parse", "HEAD")).trim() === commit) return;
  await git("fetch", "--quiet", "--depth", "1", "origin", commit);
  await git("checkout", "--quiet", "FETCH_HEAD");
}

async function installFolder(work: string, { root, lockfile }: Recipe): Promise<string> {
  const site = join(work, root);
  for (let folder = site; lockfile !== null && folder.startsWith(work); folder = dirname(folder)) {
    if ((await readdir(folder)).includes(lockfile)) return folder;
  }
  return site;
}

/** The registry is the one that npm of this machine is set to, as for the platform. */
async function handEnvironment(home: string, path: readonly string[]): Promise<Record<string, string>> {
  const registry = (await runToEnd(["npm", "config", "get", "registry"], { cwd: "/" })).trim();
  await writeFile(join(home, ".npmrc"), `registry=${registry}\n`);
  const ca = Bun.env.NODE_EXTRA_CA_CERTS;
  return {
    PATH: [...path, "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"].join(":"),
    HOME: home,
    LANG: "C.UTF-8",
    YARN_NPM_REGISTRY_SERVER: registry,
    ...QUIET,
    ...(ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: ca, npm_config_cafile: ca, YARN_HTTPS_CA_FILE_PATH: ca }),
  };
}

/** Nothing is asked, reported or fetched that a site does not need: with it, a build by hand has its best chance. */
const QUIET: Record<string, string> = {
  CI: "true",
  HUSKY: "0",
  DO_NOT_TRACK: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  ASTRO_TELEMETRY_DISABLED: "1",
  GATSBY_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  STORYBOOK_DISABLE_TELEMETRY: "1",
  YARN_ENABLE_TELEMETRY: "0",
  NG_CLI_ANALYTICS: "false",
  CYPRESS_INSTALL_BINARY: "0",
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1",
  PUPPETEER_SKIP_DOWNLOAD: "1",
  PUPPETEER_SKIP_CHROMIUM_DOWNLOAD: "1",
  SKIP_YARN_COREPACK_CHECK: "1",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
  npm_config_manage_package_manager_versions: "false",
};
