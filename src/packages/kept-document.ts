import { open } from "node:fs/promises";
import { gunzipSync } from "bun";
import type { Kept } from "./disk-store.ts";

/** A packument on the disk: a head of fixed length, so that a file that takes its place is read the same way; gzip. */
export interface KeptDocument {
  path: string;
  /** The registry's, empty without. */
  etag: string;
  /** Bytes of the document before gzip. */
  size: number;
}

const HEAD_BYTES = 512;

/** The head of a file, before the gzip'd document. */
export function headOf({ etag, size }: Pick<KeptDocument, "etag" | "size">): Uint8Array {
  const head = Buffer.from(JSON.stringify({ etag, size }).padEnd(HEAD_BYTES));
  // Without its ETag a document is only fetched anew where it could have been confirmed.
  return head.length === HEAD_BYTES ? head : headOf({ etag: "", size });
}

export async function readHead({ path }: Pick<Kept, "path">): Promise<KeptDocument> {
  const file = await open(path, "r");
  try {
    const { buffer } = await file.read({ buffer: Buffer.alloc(HEAD_BYTES), position: 0 });
    return { path, ...(JSON.parse(buffer.toString()) as Pick<KeptDocument, "etag" | "size">) };
  } finally {
    await file.close();
  }
}

/** The gzip'd document, read from the disk as it is sent. */
export function gzipped({ path }: Pick<KeptDocument, "path">): Blob {
  return Bun.file(path).slice(HEAD_BYTES);
}

/** The whole document. */
export async function readText(kept: KeptDocument): Promise<string> {
  return new TextDecoder().decode(gunzipSync(await gzipped(kept).bytes()));
}
