import { BerthError } from "../model/errors.ts";
import { sha256 } from "../model/ids.ts";
import type { ObjectStore } from "./object-store.ts";

export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

/** `{"checksum":"<64 hex digits>",` */
const CHECKED = /^\{"checksum":"([0-9a-f]{64})",/;
const CHECKED_LENGTH = 79;

/** The same with a checksum as its first member: of the bytes that follow it. */
export function encodeChecked(value: object): Uint8Array {
  const { checksum: _, ...rest } = value as { checksum?: unknown };
  return withChecksum(encodeJson(rest));
}

/** Puts the checksum into the text of an object that has members. */
export function withChecksum(json: Uint8Array): Uint8Array {
  const body = json.subarray(1);
  return Buffer.concat([new TextEncoder().encode(`{"checksum":"${sha256(body)}",`), body]);
}

/** Whether the bytes are other than those that were written; those without a checksum are taken as they are. */
export function isDamaged(bytes: Uint8Array): boolean {
  const found = CHECKED.exec(new TextDecoder("latin1").decode(bytes.subarray(0, CHECKED_LENGTH)));
  return found !== null && sha256(bytes.subarray(CHECKED_LENGTH)) !== found[1];
}

/**
 * The object as JSON with `version` 1, and its ETag; undefined when there is none.
 * @throws BerthError `corrupt_object`
 */
export async function readVersioned<T extends { version: 1 }>(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<{ value: T; etag: string } | undefined> {
  const found = await store.get(key, signal ? { signal } : undefined);
  if (found === undefined) return undefined;
  return { value: parseVersioned<T>(await found.bytes(), key), etag: found.etag };
}

/** @throws BerthError `corrupt_object` */
export function parseVersioned<T extends { version: 1 }>(bytes: Uint8Array, key: string): T {
  if (isDamaged(bytes)) throw unreadable(key);
  const value = parseJson(new TextDecoder().decode(bytes), key) as (T & { checksum?: string }) | null;
  if (value === null || typeof value !== "object" || value.version !== 1) throw unreadable(key);
  delete value.checksum;
  return value;
}

export function parseJson(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(key);
  }
}

function unreadable(key: string): BerthError {
  return new BerthError("corrupt_object", `The object ${key} can't be read.`, {
    hint: "It is damaged, or a newer version of the platform wrote it; check the store that BERTH_STORE names.",
  });
}
