import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BerthError } from "../model/errors.ts";
import type { RunLimits, Sandbox } from "../sandbox/sandbox.ts";
import { removeTree } from "../sandbox/tools.ts";
import type { StoredGit } from "../store/deployments.ts";

/** Object ids and names, as `source.json` gives them and a file may hold them. */
const OBJECT_ID = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
const PACK = ".git/objects/pack/pack-source.pack";

/**
 * The files of a `.git` folder that knows a commit, its history and tags, and no content, remote, hook or credential
 * (gitrepository-layout(5)). Text by path below the work tree; the pack comes beside. Pure.
 */
export function gitFolderFiles({ head, branch, objectFormat, tags, shallow }: StoredGit): Record<string, string> {
  const format = objectFormat === "sha256";
  const refs = Object.entries(tags).filter(([, id]) => OBJECT_ID.test(id));
  const packed = refs.map(([name, id]) => `${id} refs/tags/${name}\n`);
  if (branch !== null) packed.unshift(`${head} refs/heads/${branch}\n`);
  return {
    ".git/HEAD": branch === null ? `${head}\n` : `ref: refs/heads/${branch}\n`,
    ".git/config": [
      `[core]\n\trepositoryformatversion = ${format ? 1 : 0}\n\tfilemode = true\n\tbare = false\n`,
      // What runs by itself would look for the files' contents in the history.
      "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[user]\n\tname = Berth\n\temail = build@localhost\n",
      format ? "[extensions]\n\tobjectformat = sha256\n" : "",
    ].join(""),
    // Without a header git takes them as unsorted, and looks itself what an annotated tag points to.
    ".git/packed-refs": packed.join(""),
    ...(shallow.length === 0 ? {} : { ".git/shallow": shallow.map((id) => `${id}\n`).join("") }),
  };
}

/** Writes the folder into a work tree that nobody else writes to, before it is handed to the slot's user. */
export async function writeGitFolder(work: string, git: StoredGit, pack: Uint8Array): Promise<void> {
  for (const [path, text] of Object.entries({ ...gitFolderFiles(git), [PACK]: pack })) {
    await mkdir(dirname(join(work, path)), { recursive: true });
    await writeFile(join(work, path), text, { flag: "wx", mode: 0o644 });
  }
  // Hooks that an install puts there run in the sandbox, like all that it puts anywhere.
  for (const folder of ["refs/heads", "refs/tags", "hooks", "info"])
    await mkdir(join(work, ".git", folder), { recursive: true });
}

/** Indexes the pack and the work tree, so that `git status` finds nothing changed. Standard error on failure. */
const INDEX = `git index-pack ${PACK} >/dev/null && git read-tree HEAD && { git update-index -q --refresh >/dev/null || true; }`;

interface IndexOptions {
  slot: number;
  limits: RunLimits;
  signal: AbortSignal;
}

/** @returns why git has no use for the folder; undefined when all is well */
export async function indexGitFolder(sandbox: Sandbox, options: IndexOptions): Promise<string | undefined> {
  let fault = "";
  const result = await sandbox.run(["/bin/sh", "-c", INDEX], {
    ...options,
    ...{ cwd: "/work", env: {}, readOnly: [], path: [], egress: "none" },
    onOutput: (_, bytes) => {
      fault = (fault + Buffer.from(bytes).toString("utf8")).slice(-2000);
    },
  });
  return result.cause === "exit" && result.exit === 0 ? undefined : fault.trim().split("\n").at(-1) || result.cause;
}

/**
 * No part of an output: a project that is published whole would be refused for it. It is the build's by now, and may be
 * of any depth and rights. @throws BerthError `output_refused` when it can't be removed
 */
export async function removeGitFolder(work: string): Promise<void> {
  await removeTree(join(work, ".git")).catch((cause) => {
    throw new BerthError("output_refused", "What the build left as '.git' can't be removed.", {
      hint: "Change the build so that it leaves the folder '.git' alone.",
      cause,
    });
  });
}
