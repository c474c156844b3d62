import { randomBytes } from "node:crypto";
import { ftruncateSync, readFileSync, writeSync } from "node:fs";
import { access, chmod, constants, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../model/errors.ts";
import { holdFileLock } from "../store/file-lock.ts";

export interface DataDirectory {
  path: string;
  /** Frees the directory for another platform. */
  release(): void;
}

/**
 * Makes the directory if need be and holds it until `release`. A holder that was killed holds nothing any more.
 * @throws BerthError `data_directory_unusable`, `data_directory_in_use`
 */
export async function holdDataDirectory(path: string): Promise<DataDirectory> {
  try {
    await mkdir(path, { recursive: true });
    // Others must be able to pass through to the folders of their own; what is private is private in itself.
    await chmod(path, 0o711);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === "EACCES" ? "it is not writable" : (cause as Error).message;
    throw new BerthError("data_directory_unusable", `The data directory '${path}' can't be used: ${reason}.`, {
      hint: "Choose a folder of your own with --data or BERTH_DATA.",
      cause,
    });
  }
  return { path, release: takeLock(path) };
}

/** @returns what frees it again */
function takeLock(path: string): () => void {
  const file = join(path, "lock");
  const lock = holdFileLock(file);
  if (lock !== undefined) {
    ftruncateSync(lock.fd);
    writeSync(lock.fd, `${process.pid}\n`);
    return lock.release;
  }
  const holder = readFileSync(file, "utf8").trim();
  throw new BerthError(
    "data_directory_in_use",
    `The data directory '${path}' is held by the running process ${holder || "of another user"}.`,
    { hint: "Stop that one, or start this one with another --data." },
  );
}

/** The secret by which the command line on this machine reaches the API: made once, kept for the owner alone. */
export async function localToken(path: string): Promise<string> {
  const file = join(path, "token");
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined) return kept;
  const secret = `berth_${randomBytes(32).toString("base64url")}`;
  await writeFile(file, secret, { mode: 0o600 });
  return secret;
}

/** Tells the command line where the API is, and which address people know it by. */
export async function writeApiFile(path: string, api: { url: string; token: string; website: string }): Promise<void> {
  const draft = join(path, "api.json.draft");
  await writeFile(draft, `${JSON.stringify(api)}\n`, { mode: 0o600 });
  await rename(draft, join(path, "api.json"));
}

export async function readConfigFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(join(path, "config.json"), "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new BerthError("setting_invalid", `config.json can't be read (${code}).`, {
      hint: `Mend or remove ${join(path, "config.json")}.`,
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BerthError("setting_invalid", `config.json does not parse: ${(cause as Error).message}.`, {
      hint: `Mend or remove ${join(path, "config.json")}.`,
      cause,
    });
  }
}
