import { setTimeout as sleep } from "node:timers/promises";
import { BerthError } from "../model/errors.ts";
import type { S3Address } from "./s3-url.ts";

/** What is read of an error of the SDK: `name` is the S3 error code. */
interface S3Error {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

const ATTEMPTS = 6;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3_000;
const PASSING_CODES = new Set([
  "ConditionalRequestConflict",
  "OperationAborted",
  "RequestTimeout",
  "RequestTimeTooSkewed",
  "SlowDown",
  "TimeoutError",
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ConnectionRefused",
  "ConnectionClosed",
  "ConnectionReset",
]);

const statusOf = (error: unknown): number | undefined => (error as S3Error).$metadata?.httpStatusCode;
const nameOf = (error: unknown): string => (error as S3Error).name ?? "";
const codeOf = (error: unknown): string => (error as S3Error).code ?? "";

export function isAbsent(error: unknown): boolean {
  return nameOf(error) !== "NoSuchBucket" && (statusOf(error) === 404 || nameOf(error) === "NoSuchKey");
}

export const isPreconditionFailed = (error: unknown): boolean => statusOf(error) === 412;
export const isRangeOutside = (error: unknown): boolean => statusOf(error) === 416;

/**
 * Tries again what may pass: overload, a broken connection, and 409 ConditionalRequestConflict, which S3 answers when
 * another conditional write was in flight. Exponential backoff with full jitter.
 */
export async function withRetries<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted || attempt === ATTEMPTS || !mayPass(error)) throw error;
      const longestMs = Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS);
      await sleep(Math.random() * longestMs, undefined, { signal });
    }
  }
}

function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  if (status === 507) return false;
  if (status === 429 || (status !== undefined && status >= 500)) return true;
  return PASSING_CODES.has(nameOf(error)) || PASSING_CODES.has(codeOf(error));
}

/** What a user can do about it, by the error codes of the Amazon S3 API reference and of Ceph. */
export function s3Fault(error: unknown, { bucket, endpoint }: S3Address): BerthError {
  const name = nameOf(error);
  const where = `the bucket '${bucket}'${endpoint === undefined ? "" : ` at ${endpoint}`}`;
  const unavailable = (message: string, hint: string) =>
    new BerthError("store_unavailable", message, { hint, cause: error });
  if (["QuotaExceeded", "EntityTooLarge", "XMinioStorageFull"].includes(name) || statusOf(error) === 507) {
    return new BerthError("store_full", `The object store refused a write to ${where}: ${name}.`, {
      hint: "Raise the quota or free space in the bucket that BERTH_STORE names.",
      cause: error,
    });
  }
  if (name === "NoSuchBucket" || statusOf(error) === 404) {
    return unavailable(
      `The object store has no such bucket: ${where}.`,
      "Make the bucket, or correct its name in BERTH_STORE; a bucket is never made by itself.",
    );
  }
  if (["InvalidAccessKeyId", "SignatureDoesNotMatch", "CredentialsProviderError"].includes(name)) {
    return unavailable(
      `The object store does not know the credentials for ${where}.`,
      "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN for the store that BERTH_STORE names.",
    );
  }
  if (statusOf(error) === 403 || statusOf(error) === 401) {
    return unavailable(
      `The object store does not allow this in ${where}.`,
      "The credentials need to get, put, list and delete objects in the bucket that BERTH_STORE names.",
    );
  }
  if (statusOf(error) === 301 || name === "PermanentRedirect" || name === "AuthorizationHeaderMalformed") {
    return unavailable(
      `The object store keeps ${where} in another region.`,
      "Set region=… in BERTH_STORE to the bucket's region.",
    );
  }
  const reason = (error as S3Error).message || name || codeOf(error);
  return unavailable(
    `The object store did not answer for ${where}: ${reason}`,
    "Check the endpoint and region in BERTH_STORE, and that the server can be reached from here.",
  );
}
