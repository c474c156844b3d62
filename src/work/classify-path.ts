import { stat } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../model/errors.ts";
import type { Source } from "../model/source.ts";

/**
 * What lies at an absolute path: the root of a work tree or a bare repository is a git source, another folder a plain
 * one. A folder inside a work tree is a plain one. Looks at names only; nothing in the folder is run or believed.
 * @throws BerthError `source_path_missing`
 */
export async function classifyPath(path: string): Promise<Source> {
  if (!path.startsWith("/") || !(await isFolder(path))) {
    throw new BerthError("source_path_missing", `'${path}' is not a folder on the platform's machine.`, {
      hint: "Give an absolute path of a folder or of a git repository, or a git URL.",
    });
  }
  // In a linked work tree or a submodule `.git` is a file that names the real folder.
  const hasGit =
    (await stat(join(path, ".git")).catch(() => undefined))?.isFile() || (await isRepository(join(path, ".git")));
  return hasGit || (await isRepository(path))
    ? { kind: "git", url: path, branch: null, commit: null }
    : { kind: "folder", path };
}

/** Git's own test (gitrepository-layout): HEAD, objects and refs. */
async function isRepository(path: string): Promise<boolean> {
  const head = await stat(join(path, "HEAD")).catch(() => undefined);
  return head !== undefined && (await isFolder(join(path, "objects"))) && (await isFolder(join(path, "refs")));
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
