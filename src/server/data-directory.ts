import { randomBytes } from "node:crypto";
import { access, chmod, constants, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../model/errors.ts";

export interface DataDirectory {
  path: string;
  /** Frees the directory for another platform. */
  release(): Promise<void>;
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
  const file = join(path, "lock");
  await takeLock(path, file);
  return { path, release: () => rm(file, { force: true }) };
}

async function takeLock(path: string, file: string): Promise<void> {
  const me = `${process.pid} ${await startTime(process.pid)}`;
  for (let attempt = 0; attempt < 10; attempt += 1) {
    try {
      const handle = await open(file, "wx", 0o600);
      await handle.writeFile(me);
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [pid, started] = (await readFile(file, "utf8").catch(() => "")).split(" ");
    if (pid && started && (await startTime(Number(pid))) === started) {
      throw new BerthError(
        "data_directory_in_use",
        `The data directory '${path}' is held by the running process ${pid}.`,
        {
          hint: "Stop that one, or start this one with another --data.",
        },
      );
    }
    // Of several that find a dead holder's file one takes it away; the others fail here and look again.
    const aside = `${file}.${randomBytes(6).toString("hex")}`;
    await rename(file, aside).then(
      () => rm(aside, { force: true }),
      () => undefined,
    );
  }
  throw new BerthError("data_directory_in_use", `The data directory '${path}' is being taken by another process.`, {
    hint: "Try again.",
  });
}

/** In clock ticks since boot (proc(5), /proc/pid/stat field 22): a process id alone may have been given out again. */
async function startTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
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

/** Tells the command line where the API is. */
export async function writeApiFile(path: string, api: { url: string; token: string }): Promise<void> {
  const draft = join(path, "api.json.draft");
  await writeFile(draft, `${JSON.stringify(api)}\n`, { mode: 0o600 });
  await rename(draft, join(path, "api.json"));
}

export async function readConfigFile(path: string): Promise<unknown> {
  const text = await readFile(join(path, "config.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BerthError("setting_invalid", `config.json does not parse: ${(cause as Error).message}.`, {
      hint: `Mend or remove ${join(path, "config.json")}.`,
      cause,
    });
  }
}
