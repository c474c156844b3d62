import { randomBytes } from "node:crypto";
import { link, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { BerthError } from "../model/errors.ts";
import { createSecretBox, otherKey, type SecretBox } from "./secrets.ts";

const KEY_BYTES = 32;

export interface KeySource {
  /** Path of the file with the key's 32 bytes, kept outside of the database. */
  file: string;
  /** BERTH_SECRETS_KEY: the key itself in base64, in place of the file. */
  given: string | null;
  /** Whether values are stored already, which a new key could not open. */
  isInUse(): Promise<boolean>;
}

/**
 * The box that all of a platform's values go through; its key is looked for when it is first needed, and made once.
 * A failure is not remembered: a key that was put back is found.
 */
export function secretsOf(source: KeySource): () => Promise<SecretBox> {
  let box: Promise<SecretBox> | undefined;
  return () => {
    box ??= readKey(source).then(createSecretBox);
    box.catch(() => {
      box = undefined;
    });
    return box;
  };
}

/** @throws BerthError `secrets_key_wrong` when the file is missing though values are stored, or holds no key */
async function readKey({ file, given, isInUse }: KeySource): Promise<Uint8Array> {
  if (given !== null) return Buffer.from(given, "base64");
  const kept = await keptKey(file);
  if (kept !== undefined) return kept;
  // Whoever lost the key is told so. A new one would only hide that the old values are gone.
  if (await isInUse()) throw otherKey();
  await makeKey(file);
  const made = await keptKey(file);
  if (made === undefined) throw new Error(`${file} is gone again`);
  return made;
}

async function keptKey(file: string): Promise<Uint8Array | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw unusable(file, `it can't be read (${error.code})`);
  });
  if (bytes !== undefined && bytes.byteLength !== KEY_BYTES)
    throw unusable(file, `it does not hold ${KEY_BYTES} bytes`);
  return bytes;
}

/** Whole or not at all, and never in the place of another one: of several processes one makes it. */
async function makeKey(file: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(randomBytes(KEY_BYTES));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    const folder = await open(dirname(file), "r");
    await folder.sync().finally(() => folder.close());
  } finally {
    await rm(draft, { force: true });
  }
}

function unusable(file: string, reason: string): BerthError {
  return new BerthError("secrets_key_wrong", `The key file '${file}' can't be used: ${reason}.`, {
    hint: "Put back the key that the variables were encrypted with.",
  });
}
