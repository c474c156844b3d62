import { existsSync } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import type { Deployment } from "../../src/model/deployment.ts";
import type { WallMode } from "../../src/sandbox/profile.ts";
import { deployAndWait, logOf } from "./deploy.ts";
import { IS_ROOT } from "./hostile.ts";
import {
  newDataDirectory,
  type PlatformOptions,
  removeDataDirectory,
  startPlatform,
  type TestPlatform,
} from "./platform.ts";
import { newRepository, type TestRepository } from "./repositories.ts";

/** `none` is the control: what the operator gets who asks for no wall. */
export type HostileMode = WallMode | "none";

/**
 * A new user namespace is refused to whoever lives in a chroot (user_namespaces(7)): with the whole machine as the
 * chroot, a platform finds them closed and makes the wall in the other way. The mounts end with the platform.
 */
const CLOSED_NAMESPACES = 'mount --rbind / "$0" && exec chroot "$0" "$@"';

export interface HostilePlatform {
  platform: TestPlatform;
  /** Deploys a site whose files these are, waits for its end, and gives its log as well. */
  build(name: string, site: HostileSite): Promise<Built>;
  repository(name: string, site: HostileSite): Promise<TestRepository>;
  /** Stops it and removes all that it made; a data directory that was given to it stays. */
  close(): Promise<void>;
}

export interface HostileSite {
  /** Scripts of sh. */
  install?: string;
  build: string;
  files?: Record<string, string>;
}

export type Built = Deployment & { log: string; page: string };

export async function startHostilePlatform(
  mode: HostileMode,
  options: Pick<PlatformOptions, "env" | "args" | "dataDirectory"> = {},
): Promise<HostilePlatform> {
  const dataDirectory = options.dataDirectory ?? (await newDataDirectory());
  const chroot = `${dataDirectory}.root`;
  const repositories: TestRepository[] = [];
  const env = { ...options.env, ...(mode === "none" ? { BERTH_SANDBOX: "none" } : {}) };
  if (mode === "capabilities") await mkdir(chroot, { recursive: true });
  const prefix =
    mode === "capabilities"
      ? ["unshare", "--mount", "--propagation", "private", "sh", "-c", CLOSED_NAMESPACES, chroot]
      : [];
  // The folder of the chroot is empty here: its mounts are the platform's own.
  const removeRest = async () => {
    for (const repository of repositories) await repository.remove();
    if (mode === "capabilities" && existsSync(chroot)) await rmdir(chroot);
  };
  const removeAll = async () => {
    await removeRest();
    await removeDataDirectory(dataDirectory);
  };
  const platform = await startPlatform({ ...options, dataDirectory, env, prefix }).catch(async (error) => {
    if (options.dataDirectory === undefined) await removeAll();
    else await removeRest();
    throw error;
  });
  const repository = async (name: string, site: HostileSite) => {
    const made = await newRepository(name, filesOf(name, site));
    repositories.push(made);
    return made;
  };
  return {
    platform,
    repository,
    async build(name, site) {
      const done = await deployAndWait(platform, { source: (await repository(name, site)).path });
      const page = await platform.site(new URL(done.url).host, "/");
      return { ...done, log: await logOf(platform, done.id), page: page.ok ? await page.text() : "" };
    },
    async close() {
      await platform.stop();
      if (options.dataDirectory === undefined) await removeAll();
      else await removeRest();
    },
  };
}

/** An install by npm costs a second: where no install script is tried, there is none. */
function filesOf(name: string, { install, build, files }: HostileSite): Record<string, string> {
  const scripts = install === undefined ? {} : { preinstall: "sh install.sh" };
  const host = {
    buildCommand: "sh build.sh",
    outputDirectory: "dist",
    ...(install === undefined && { installCommand: "" }),
  };
  return {
    "package.json": JSON.stringify({ name, private: true, scripts }),
    "vercel.json": JSON.stringify(host),
    "build.sh": build,
    ...(install === undefined ? {} : { "install.sh": install }),
    ...files,
  };
}

/** The ways of making the wall that a platform of this user can be brought to. */
export const PLATFORM_MODES: readonly WallMode[] = IS_ROOT ? ["user", "capabilities"] : ["user"];

/** Prints which wall it is in: in a user namespace the first user is not the machine's root. */
export const WALL_LINE = `echo "wall: $(awk '$1 == 0 && $2 == 0 { m = 1 } END { print m ? "capabilities" : "user" }' /proc/self/uid_map)"`;

/** A build that takes no notice of anything: it writes a page. */
export const WRITES_PAGE = "mkdir -p dist; echo '<!doctype html><title>Page</title>fine' > dist/index.html";
