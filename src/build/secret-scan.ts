import { BerthError } from "../model/errors.ts";
import { SECRET_MIN_CHARACTERS } from "../model/variables.ts";
import { blobKey } from "../store/blobs.ts";
import { inParallel } from "../store/concurrency.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { base64Lines, formsOf } from "../work/secret-forms.ts";
import type { OutputFile } from "./collect.ts";
import type { Secret } from "./variables.ts";

/** Looks for secrets in files that are to be published, while somebody else reads them. */
export interface SecretScan {
  /**
   * Begins a file. Each chunk of its bytes is then handed over, in order.
   * @throws BerthError `output_refused` naming the file and the variable; so does what it returns
   */
  file(path: string): (chunk: Uint8Array) => void;
}

/** @returns undefined when there is nothing to look for: then no byte need be looked at */
export function secretScan(secrets: readonly Secret[]): SecretScan | undefined {
  const patterns = secrets.flatMap(({ name, value }) =>
    bytesOf([value, value.trim()]).map((bytes) => ({ name, bytes })),
  );
  if (patterns.length === 0) return undefined;
  const reach = Math.max(...patterns.map(({ bytes }) => bytes.byteLength)) - 1;
  const assertFree = (bytes: Buffer, path: string) => {
    const found = patterns.find((pattern) => bytes.includes(pattern.bytes));
    if (found !== undefined) throw refused(path, found.name);
  };
  return {
    file(path) {
      assertFree(Buffer.from(path), path);
      let tail: Buffer = Buffer.alloc(0);
      return (chunk) => {
        // A secret that began in the chunk before ends within the first bytes of this one.
        assertFree(Buffer.concat([tail, chunk.subarray(0, reach)]), path);
        if (chunk.byteLength > reach) assertFree(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength), path);
        const end = chunk.subarray(-Math.min(reach, chunk.byteLength));
        tail = Buffer.concat([tail, end]).subarray(-reach);
      };
    },
  };
}

/** From this length on the beginning of some base64 can't stand there by chance. */
const BASE64_LINE_LEAST = 64;

/** What is looked for; UTF-16 is how programs on Windows write text. */
function bytesOf(values: readonly string[]): Buffer[] {
  const written = values.filter(({ length }) => length >= SECRET_MIN_CHARACTERS);
  const forms = values.flatMap(formsOf).filter(({ length }) => length >= SECRET_MIN_CHARACTERS);
  const lines = values.flatMap(base64Lines).filter(({ length }) => length >= BASE64_LINE_LEAST);
  const texts = [...new Set([...forms, ...lines])].map((text) => Buffer.from(text));
  const wide = [...new Set(written)].flatMap((text) => [
    Buffer.from(text, "utf16le"),
    Buffer.from(text, "utf16le").swap16(),
  ]);
  return [...texts, ...wide];
}

const AT_ONCE = 8;

/**
 * Looks through files that are in the store already, as they are served from there.
 * @throws BerthError `output_refused`
 */
export async function scanStoredFiles(
  store: ObjectStore,
  files: readonly OutputFile[],
  { scan, signal }: { scan: SecretScan; signal: AbortSignal },
): Promise<void> {
  await inParallel(files, AT_ONCE, async ({ path, hash }) => {
    signal.throwIfAborted();
    const look = scan.file(path);
    const blob = await store.get(blobKey(hash), { signal });
    // A blob that is missing is told by whoever publishes it.
    for await (const chunk of blob?.stream() ?? []) look(chunk);
  });
}

/** `.env`, `.env.local`, …; the examples that people write for each other hold no secrets. */
export function isEnvFile(name: string): boolean {
  return /^\.env(\.(?!example$|sample$|template$|defaults$).+)?$/.test(name);
}

export function envFileRefused(path: string): BerthError {
  return new BerthError(
    "output_refused",
    `${JSON.stringify(path.slice(0, 300))} can't be published: it may hold settings that are not for the public.`,
    {
      hint: "Take it out of what is published: declare its variables with 'berth env set', or choose an output folder without it.",
    },
  );
}

function refused(path: string, name: string): BerthError {
  return new BerthError(
    "output_refused",
    `${JSON.stringify(path.slice(0, 300))} can't be published: it holds the value of the secret '${name}'.`,
    {
      hint: `Keep it out of what the build writes for browsers. If the value may be seen, set it without --secret, and change it if it was a real secret: berth env set ${name}=…`,
    },
  );
}
