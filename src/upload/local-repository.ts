import { constants } from "node:fs";
import { lstat, mkdir, open, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { BerthError } from "../model/errors.ts";

/** Where a repository of this machine keeps what a fetch reads (gitrepository-layout(5)). */
interface LocalRepository {
  /** HEAD is here: of a linked work tree its own. */
  gitDirectory: string;
  /** Objects and refs are here. */
  commonDirectory: string;
}

export interface PreparedRepository {
  mounts: { host: string; inside: string }[];
}

/** End of the name of the folder that shows a local repository. */
export const SHOWN_REPOSITORY = "-shown.git";
/** Where its large files (Git LFS) are seen, unless they had to be copied. */
export const LARGE_FILES_INSIDE = "/opt/lfs";
const ALTERNATES_MAX = 8;
/** Of its text files: references by the hundred thousand fit in. */
const FILE_MAX_BYTES = 64 * 1024 ** 2;

/**
 * Makes a bare repository at `target` that shows a local one to a fetch behind the wall: its HEAD and refs copied, its
 * objects seen read-only, its configuration left behind. Objects that other users may not read are copied.
 * @param needsOthers the fetch runs as another user than this one
 * @throws BerthError `repository_not_found`
 */
export async function prepareLocalRepository(
  path: string,
  { target, needsOthers }: { target: string; needsOthers: boolean },
): Promise<PreparedRepository> {
  const { gitDirectory, commonDirectory } = await findRepository(path);
  await mkdir(join(target, "objects", "info"), { recursive: true });
  await writeFile(join(target, "HEAD"), await readPlain(join(gitDirectory, "HEAD")));
  await writeFile(join(target, "config"), configuration(await readPlain(join(commonDirectory, "config"))));
  for (const name of ["packed-refs", "shallow"]) {
    const text = await readPlain(join(commonDirectory, name));
    if (text !== "") await writeFile(join(target, name), text);
  }
  // -P: a link stays a link, which git does not follow out of the folder.
  await tool(["cp", "-RP", "--", join(commonDirectory, "refs"), target]);
  const mounts: PreparedRepository["mounts"] = [];
  for (const objects of await objectFolders(join(commonDirectory, "objects"))) {
    if (needsOthers && !(await othersMayRead(objects))) {
      await tool(["cp", "-RP", "--reflink=auto", "--", `${objects}/.`, join(target, "objects")]);
    } else mounts.push({ host: objects, inside: `/opt/source${mounts.length}` });
  }
  const alternates = mounts.map(({ inside }) => `${inside}\n`).join("");
  await writeFile(join(target, "objects", "info", "alternates"), alternates);
  const large = join(commonDirectory, "lfs", "objects");
  if (
    await Bun.file(large)
      .stat()
      .then(
        (info) => info.isDirectory(),
        () => false,
      )
  ) {
    const isClosed = needsOthers && !(await othersMayRead(large));
    if (isClosed) await tool(["cp", "-RP", "--reflink=auto", "--", dirname(large), target]);
    else mounts.push({ host: large, inside: LARGE_FILES_INSIDE });
  }
  return { mounts };
}

async function findRepository(path: string): Promise<LocalRepository> {
  for (const candidate of [join(path, ".git"), path]) {
    const info = await stat(candidate).catch(() => undefined);
    let gitDirectory = candidate;
    if (info?.isFile()) {
      const [, named] = /^gitdir: (.+)$/m.exec(await readPlain(candidate)) ?? [];
      if (named === undefined) continue;
      gitDirectory = resolve(path, named);
    }
    if (!(await Bun.file(join(gitDirectory, "HEAD")).exists())) continue;
    const common = (await readPlain(join(gitDirectory, "commondir"))).trim();
    return { gitDirectory, commonDirectory: common === "" ? gitDirectory : resolve(gitDirectory, common) };
  }
  throw new BerthError("repository_not_found", `'${path}' is not a git repository.`, {
    hint: "Check the path, and that the platform's user may read it.",
  });
}

/** Of the repository's own configuration only what says how its objects are named. */
function configuration(own: string): string {
  const format = /^[ \t]*objectformat[ \t]*=[ \t]*sha256[ \t\r]*$/im.test(own)
    ? "[extensions]\nobjectFormat = sha256\n"
    : "";
  return `[core]\nbare = true\nrepositoryFormatVersion = ${format === "" ? 0 : 1}\n${format}`;
}

/**
 * The object folder and those that it borrows from (objects/info/alternates). What they lead to is looked at first: a
 * repository that somebody else has made may name any folder of the machine, /proc for one, which has no end.
 * @throws BerthError `repository_not_found`
 */
async function objectFolders(first: string): Promise<string[]> {
  const found = new Set<string>();
  const pending = [first];
  for (let next = pending.shift(); next !== undefined && found.size <= ALTERNATES_MAX; next = pending.shift()) {
    const folder = await realpath(next).catch(() => undefined);
    if (folder === undefined || found.has(folder) || !(await holdsObjects(folder))) continue;
    found.add(folder);
    const lines = (await readPlain(join(folder, "info", "alternates"))).split("\n");
    const named = lines.filter((line) => line !== "" && !line.startsWith("#"));
    for (const line of named) pending.push(isAbsolute(line) ? line : resolve(folder, line));
  }
  if (found.size > 0) return [...found];
  throw new BerthError("repository_not_found", `'${first}' is no folder of git's objects.`, {
    hint: "Check the repository with 'git fsck'.",
  });
}

/** gitrepository-layout(5): `git init` makes both. */
async function holdsObjects(folder: string): Promise<boolean> {
  const infos = await Promise.all(["info", "pack"].map((name) => lstat(join(folder, name)).catch(() => undefined)));
  return infos.some((info) => info?.isDirectory());
}

async function othersMayRead(folder: string): Promise<boolean> {
  for (let above = dirname(folder); above !== "/"; above = dirname(above)) {
    if (((await stat(above)).mode & 0o001) === 0) return false;
  }
  const closed = ["(", "-type", "d", "!", "-perm", "-005", "-o", "-type", "f", "!", "-perm", "-004", ")"];
  return (await tool(["find", folder, ...closed, "-print", "-quit"])) === "";
}

/** A file's text, empty when there is none; a link is not followed. */
async function readPlain(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) return "";
  try {
    const info = await file.stat();
    if (info.size > FILE_MAX_BYTES) {
      throw new BerthError("source_too_large", `'${path}' is larger than ${FILE_MAX_BYTES / 1024 ** 2} MiB.`, {
        hint: "Look for what is wrong with it: a file of git's own is rarely larger than some megabytes.",
      });
    }
    return info.isFile() ? await file.readFile("utf8") : "";
  } finally {
    await file.close();
  }
}

async function tool(command: string[]): Promise<string> {
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
  const child = Bun.spawn(command, { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [text, fault] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) === 0) return text;
  throw new BerthError("repository_not_found", `The repository could not be read: ${fault.trim().slice(0, 300)}`, {
    hint: "Check that the platform's user may read the folder and all that is in it.",
  });
}
