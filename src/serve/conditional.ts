import { parseHttpDate } from "./http-date.ts";

/** What conditions are held against. */
export interface Validators {
  /** With its quotes; `W/` before them where a header rule gives the file a weak one. */
  etag: string;
  /** An HTTP date. */
  lastModified: string;
  /** When the file came to be shown, where that may be later, as after a rollback; milliseconds since 1970. */
  shownSince?: number;
}

export type Outcome = "proceed" | "not-modified" | "failed";

/**
 * The conditions of a GET or HEAD in the order of RFC 9110 section 13.2.2: If-Match, or without one If-Unmodified-Since;
 * then If-None-Match, or without one If-Modified-Since. A date that is none does not count.
 */
export function checkConditions(headers: Headers, validators: Validators): Outcome {
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) {
    if (!listsTag(ifMatch, validators.etag, "strong")) return "failed";
  } else {
    const ifUnmodifiedSince = headers.get("if-unmodified-since");
    if (ifUnmodifiedSince !== null && isSince(ifUnmodifiedSince, validators) === false) return "failed";
  }
  return isKnown(headers.get("if-none-match"), headers.get("if-modified-since"), validators)
    ? "not-modified"
    : "proceed";
}

/** Whether the client has the file already, by what If-None-Match or else If-Modified-Since says; null: not sent. */
export function isKnown(ifNoneMatch: string | null, ifModifiedSince: string | null, validators: Validators): boolean {
  if (ifNoneMatch !== null) return listsTag(ifNoneMatch, validators.etag, "weak");
  return ifModifiedSince !== null && isSince(ifModifiedSince, validators) === true;
}

/** Whether Range counts (RFC 9110 section 13.1.5): by strong comparison, and of dates by the very same time. */
export function isIfRangeMet(headers: Headers, { etag, lastModified }: Validators): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === null || ifRange === lastModified) return true;
  if (ifRange === etag) return !etag.startsWith(WEAK);
  return parseHttpDate(ifRange) === parseHttpDate(lastModified);
}

/** A list of tags (RFC 9110 section 8.8.3) or `*`. The weak comparison ignores `W/`, the strong one needs its absence. */
function listsTag(list: string, etag: string, comparison: "weak" | "strong"): boolean {
  if (list.trim() === "*") return true;
  if (comparison === "strong" && etag.startsWith(WEAK)) return false;
  if (list === etag) return true;
  const own = etag.startsWith(WEAK) ? etag.slice(WEAK.length) : etag;
  for (const [, weak, tag] of list.matchAll(/(?:^|,)\s*(W\/)?("[^"]*")\s*(?=,|$)/g)) {
    if (tag === own && (comparison === "weak" || weak === undefined)) return true;
  }
  return false;
}

const WEAK = "W/";

/**
 * Whether the file has not changed after the date; undefined when that is no date. Of a deployment that is shown again
 * the file is older than what was shown in between, whose date a client may have.
 */
function isSince(date: string, { lastModified, shownSince = 0 }: Validators): boolean | undefined {
  if (date === lastModified) return true;
  const [time, own] = [parseHttpDate(date), parseHttpDate(lastModified)!];
  return time === undefined ? undefined : time === own || Math.max(own, shownSince) <= time;
}
