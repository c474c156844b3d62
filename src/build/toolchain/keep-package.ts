import { mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type NpmCommand, runNpm } from "./npm.ts";

interface Package {
  /** Name of the kept folder. */
  folder: string;
  packageName: string;
  version: string;
  /** Further names of programs: path of the link in the folder, and where it leads, relative to it. */
  links?: readonly (readonly [path: string, target: string])[];
  /** Called when it is not there yet. */
  onFetch(): void;
}

/**
 * Fetches a package from the registry once. What is kept is whole: it is filled aside and renamed. npm checks its
 * integrity; none of its scripts is run.
 * @returns the kept folder, with `node_modules` in it
 * @throws BerthError `toolchain_unavailable`
 */
export async function keepPackage(
  { directory, npm }: { directory: string; npm: NpmCommand },
  { folder, packageName, version, links = [], onFetch }: Package,
): Promise<string> {
  const kept = join(directory, folder);
  if (await exists(kept)) return kept;
  onFetch();
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const draft = await mkdtemp(join(directory, "fetching-"));
  try {
    await writeFile(join(draft, "package.json"), '{"private":true}\n');
    const flags = [
      "--ignore-scripts",
      "--no-save",
      "--no-package-lock",
      "--loglevel=error",
      "--install-strategy=hoisted",
    ];
    await runNpm(npm, ["install", `${packageName}@${version}`, ...flags, "--prefix", draft], draft);
    for (const [path, target] of links) await symlink(target, join(draft, path));
    await makeReadable(draft);
    await rename(draft, kept);
  } catch (error) {
    // Another process may have been faster: a folder with something in it is never replaced.
    if (!(await exists(kept))) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return kept;
}

/** Builds run as users of their own; the modes of what npm writes follow this process's umask. */
async function makeReadable(folder: string): Promise<void> {
  const child = Bun.spawn(["chmod", "-R", "u=rwX,go=rX", "--", folder], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  if ((await child.exited) !== 0) throw new Error(`chmod failed below ${folder}`);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
