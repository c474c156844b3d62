import { BerthError } from "../model/errors.ts";
import type { ObjectStore } from "./object-store.ts";

export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
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
  const value = parseJson(new TextDecoder().decode(await found.bytes()), key) as T | null;
  if (value === null || typeof value !== "object" || value.version !== 1) throw unreadable(key);
  return { value, etag: found.etag };
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
