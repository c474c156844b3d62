import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { Sha256 } from "../model/ids.ts";
import { openFileBelow, openFolder, openPath } from "./open-below.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * Reads what the size promises and one byte more.
 * @param look gets each chunk, valid until it returns
 * @returns undefined when the file is longer or shorter
 */
export async function hashOf(
  file: FileHandle,
  sizeBytes: number,
  look?: (chunk: Uint8Array) => void,
): Promise<Sha256 | undefined> {
  const hasher = new Bun.CryptoHasher("sha256");
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, sizeBytes + 1));
  let done = 0;
  while (done <= sizeBytes) {
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, done);
    if (bytesRead === 0) break;
    hasher.update(buffer.subarray(0, bytesRead));
    look?.(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return done === sizeBytes ? (hasher.digest("hex") as Sha256) : undefined;
}

/** Opens the same names again, again without links. @returns undefined when another file is there now */
export async function readAgain(
  directory: string,
  { real, info }: { real: readonly string[]; info: Stats },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const top = await openFolder(directory);
  const folder = await openPath(top, real.slice(0, -1)).finally(() => top.close());
  const file = await openFileBelow(folder, Buffer.from(real.at(-1)!)).finally(() => folder.close());
  try {
    const now = await file.stat();
    const isSame = now.ino === info.ino && now.dev === info.dev && now.size === info.size;
    return isSame ? new Uint8Array(await file.readFile()) : undefined;
  } finally {
    await file.close();
  }
}
