/**
 * The one door to stored bytes. Two implementations, `file.ts` and `s3.ts`, pass the same contract test.
 *
 * Keys are `/`-separated ASCII of `[A-Za-z0-9._/-]`. An object is written whole or not at all: a reader sees the old
 * bytes or the new ones, never a mixture. When a promise of `put` resolves the object is on durable storage.
 *
 * Errors are BerthErrors `store_unavailable` (after retries with backoff and jitter) and `store_full`; an absent key is
 * a value, not an error.
 */
export interface ObjectStore {
  /** The object, or undefined. `range` is in bytes, both ends inclusive. */
  get(
    key: string,
    options?: { range?: { first: number; last: number }; signal?: AbortSignal },
  ): Promise<StoredObject | undefined>;

  /**
   * Where the object, if there is one, lies as a file of this machine; only stores that keep objects so have this.
   * The file holds the object's bytes and nothing else. It is only read, and may be another one the next moment.
   */
  localPath?(key: string): string;

  /**
   * A text that is another one once the object was written or removed, and for a folder of keys (`access`) once one right
   * in it was. undefined as long as that can't be told; only stores for which it costs less than `get` have this.
   */
  version?(key: string): Promise<string | undefined>;

  /** Size and ETag, or undefined. */
  head(key: string): Promise<ObjectInfo | undefined>;

  /**
   * Writes an object. Unconditional, or under one condition:
   * `ifAbsent`: only when the key is free. `ifMatch`: only when its ETag is this one.
   * Of several concurrent conditional puts on one state exactly one is `written`.
   * A put is idempotent: writing the same bytes again is harmless.
   */
  put(key: string, body: Uint8Array | Blob, condition?: PutCondition): Promise<PutResult>;

  /** A page of keys under `prefix` in ascending order, beginning after `after`. At most 1,000 a page. */
  list(prefix: string, options?: { after?: string; limit?: number }): Promise<ObjectPage>;

  /** Removes keys, in batches; absent ones are no error. */
  delete(keys: readonly string[]): Promise<void>;

  /** Resolves when the store can be reached and written; otherwise throws with the reason. */
  check(): Promise<void>;

  close(): Promise<void>;
}

export interface ObjectInfo {
  key: string;
  /** Bytes. */
  size: number;
  /** Opaque; changes whenever the bytes change. */
  etag: string;
}

export interface StoredObject extends ObjectInfo {
  /** Each of the two may be called once. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  stream(): ReadableStream<Uint8Array>;
}

export type PutCondition = { ifAbsent: true } | { ifMatch: string };
export type PutResult = { written: true; etag: string } | { written: false };

export interface ObjectPage {
  objects: ObjectInfo[];
  /** Present when there are more: pass it as `after`. */
  next?: string;
}
