import { Readable } from "node:stream";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { BerthError } from "../model/errors.ts";
import { inParallel } from "./concurrency.ts";
import { assertKey, assertPrefix } from "./keys.ts";
import type { ObjectInfo, ObjectPage, ObjectStore, PutCondition, PutResult, StoredObject } from "./object-store.ts";
import { isAbsent, isPreconditionFailed, isRangeOutside, s3Fault, withRetries } from "./s3-faults.ts";
import { parseS3Url, type S3Address } from "./s3-url.ts";

export interface S3Credentials {
  accessKeyId?: string;
  secretAccessKey?: string;
  sessionToken?: string;
}

type Sdk = typeof import("@aws-sdk/client-s3");
type GetOptions = { range?: { first: number; last: number }; signal?: AbortSignal };

const PAGE_MAX = 1000;
/** Amazon S3 API reference, DeleteObjects: "up to 1,000 keys". */
const DELETE_MAX = 1000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Without a byte in either direction. */
const SILENCE_MAX_MS = 30_000;
const silent = () => undefined;

/**
 * An object store in a bucket of any S3 server that has conditional writes (If-None-Match and If-Match on PutObject).
 * Without `accessKeyId` the credentials come from where the AWS SDK looks for them: profile, container, instance.
 * @throws BerthError `setting_invalid` when the URL does not have the documented form
 */
export function openS3Store(url: string, credentials: S3Credentials = {}): ObjectStore {
  return new S3Store(parseS3Url(url), credentials);
}

class S3Store implements ObjectStore {
  private connected: Promise<{ sdk: Sdk; client: S3Client }> | undefined;

  constructor(
    private readonly address: S3Address,
    private readonly credentials: S3Credentials,
  ) {}

  get(key: string, { range, signal }: GetOptions = {}): Promise<StoredObject | undefined> {
    const Key = this.key(key);
    return this.guard(async ({ sdk, client }) => {
      const Range = range && `bytes=${range.first}-${range.last}`;
      const input = { Bucket: this.address.bucket, Key, Range };
      const found = await client.send(new sdk.GetObjectCommand(input), { abortSignal: signal }).catch(async (error) => {
        if (isAbsent(error)) return undefined;
        if (isRangeOutside(error)) return "outside";
        throw error;
      });
      if (found === undefined) return undefined;
      if (found === "outside") return this.nothingOf(key);
      const total = found.ContentRange?.split("/")[1];
      const size = total === undefined ? found.ContentLength! : Number(total);
      const body = found.Body!;
      return {
        key,
        size,
        etag: found.ETag!,
        bytes: () => this.rethrow(async () => new Uint8Array(await body.transformToByteArray())),
        stream: () => body.transformToWebStream() as ReadableStream<Uint8Array>,
      };
    }, signal);
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    const Key = this.key(key);
    return this.guard(async ({ sdk, client }) => {
      try {
        const found = await client.send(new sdk.HeadObjectCommand({ Bucket: this.address.bucket, Key }));
        return { key, size: found.ContentLength!, etag: found.ETag! };
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    });
  }

  put(key: string, body: Uint8Array | Blob, condition?: PutCondition): Promise<PutResult> {
    const Key = this.key(key);
    return this.guard(async ({ sdk, client }) => {
      const conditions = condition && conditionHeaders(condition);
      const content = body instanceof Blob ? { Body: readable(body), ContentLength: body.size } : { Body: body };
      try {
        const put = new sdk.PutObjectCommand({ Bucket: this.address.bucket, Key, ...content, ...conditions });
        return { written: true, etag: (await client.send(put)).ETag! };
      } catch (error) {
        // An If-Match on an absent object is a 404 NoSuchKey on Amazon's servers, a 412 on others.
        if (isPreconditionFailed(error) || (condition && isAbsent(error))) return { written: false };
        throw error;
      }
    });
  }

  list(prefix: string, options: { after?: string; limit?: number } = {}): Promise<ObjectPage> {
    const own = this.address.prefix;
    const limit = Math.min(options.limit ?? PAGE_MAX, PAGE_MAX);
    assertPrefix(prefix);
    return this.guard(async ({ sdk, client }) => {
      const page = await client.send(
        new sdk.ListObjectsV2Command({
          Bucket: this.address.bucket,
          Prefix: own + prefix,
          StartAfter: options.after === undefined ? undefined : own + options.after,
          MaxKeys: limit,
        }),
      );
      const objects = (page.Contents ?? []).map(({ Key, Size, ETag }) => {
        return { key: Key!.slice(own.length), size: Size!, etag: ETag! };
      });
      const last = objects.at(-1);
      return page.IsTruncated && last !== undefined ? { objects, next: last.key } : { objects };
    });
  }

  async delete(keys: readonly string[]): Promise<void> {
    const all = keys.map((key) => ({ Key: this.key(key) }));
    const batches = Array.from({ length: Math.ceil(all.length / DELETE_MAX) }, (_, i) =>
      all.slice(i * DELETE_MAX, (i + 1) * DELETE_MAX),
    );
    await inParallel(batches, 4, (Objects) =>
      this.guard(async ({ sdk, client }) => {
        const Delete = { Objects, Quiet: true };
        const { Errors = [] } = await client.send(
          new sdk.DeleteObjectsCommand({ Bucket: this.address.bucket, Delete }),
        );
        const failed = Errors.find(({ Code }) => Code !== "NoSuchKey");
        if (failed !== undefined) throw Object.assign(new Error(failed.Message ?? failed.Code), { name: failed.Code });
      }),
    );
  }

  /** Writes an object of its own and removes it: a bucket that can be read is not yet one that can be written. */
  async check(): Promise<void> {
    const probe = `probes/${crypto.randomUUID()}`;
    await this.put(probe, new Uint8Array(1), { ifAbsent: true });
    await this.delete([probe]);
  }

  async close(): Promise<void> {
    (await this.connected)?.client.destroy();
  }

  /** A range that begins behind the end: nothing, as the folder store has it. */
  private async nothingOf(key: string): Promise<StoredObject | undefined> {
    const info = await this.head(key);
    return info && { ...info, bytes: async () => new Uint8Array(0), stream: () => new Blob([]).stream() };
  }

  private key(key: string): string {
    return this.address.prefix + assertKey(key);
  }

  private guard<T>(work: (connected: { sdk: Sdk; client: S3Client }) => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.connected ??= connect(this.address, this.credentials);
    const connected = this.connected;
    return this.rethrow(() => withRetries(async () => work(await connected), signal), signal);
  }

  private async rethrow<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted || error instanceof BerthError) throw error;
      throw s3Fault(error, this.address);
    }
  }
}

/** Ceph compares If-Match of a put as it comes, without quotes; Amazon's documentation writes it so too. */
function conditionHeaders(condition: PutCondition): { IfNoneMatch: string } | { IfMatch: string } {
  return "ifAbsent" in condition ? { IfNoneMatch: "*" } : { IfMatch: condition.ifMatch.replaceAll('"', "") };
}

/** The SDK's own type of stream; made anew at every attempt. */
function readable(body: Blob): Readable {
  return Readable.from(body.stream(), { objectMode: false });
}

/** The SDK is loaded by those who use it: it costs a tenth of a second. */
async function connect(address: S3Address, { accessKeyId, secretAccessKey, sessionToken }: S3Credentials) {
  const sdk = await import("@aws-sdk/client-s3");
  const config: S3ClientConfig = {
    region: address.region,
    endpoint: address.endpoint,
    // Servers other than Amazon's are reached by a name or address that has no subdomain for each bucket.
    forcePathStyle: address.endpoint !== undefined,
    // Not all servers know the newer checksum trailers; blobs are checked against their own names.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 1,
    // What fails is thrown; the SDK would print warnings of its own beside it.
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MAX_MS,
      httpsAgent: { maxSockets: 128 },
      httpAgent: { maxSockets: 128 },
    },
  };
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    config.credentials = { accessKeyId, secretAccessKey, sessionToken };
  }
  return { sdk, client: new sdk.S3Client(config) };
}
