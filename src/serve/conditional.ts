/** What conditions are held against. */
export interface Validators {
  /** Strong, with its quotes. */
  etag: string;
  /** An HTTP date. */
  lastModified: string;
}

/**
 * Whether a GET or HEAD is answered by 304 (RFC 9110 section 13.2.2): If-None-Match by weak comparison, and only without
 * one If-Modified-Since. That date must be the very one that was sent out: after a rollback an older file is news.
 */
export function isNotModified(headers: Headers, { etag, lastModified }: Validators): boolean {
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) return listsTag(ifNoneMatch, etag);
  return isSameDate(headers.get("if-modified-since"), lastModified);
}

function listsTag(list: string, etag: string): boolean {
  if (list === etag || list.trim() === "*") return true;
  for (const [, tag] of list.matchAll(/(?:^|,)\s*(?:W\/)?("[^"]*")\s*(?=,|$)/g)) {
    if (tag === etag) return true;
  }
  return false;
}

function isSameDate(date: string | null, lastModified: string): boolean {
  if (date === null) return false;
  return date === lastModified || Date.parse(date) === Date.parse(lastModified);
}

export type RangeDecision =
  | { kind: "whole" }
  | { kind: "part"; first: number; last: number }
  | { kind: "unsatisfiable" };

const WHOLE: RangeDecision = { kind: "whole" };

/**
 * Reads Range and If-Range (RFC 9110 sections 13.1.5 and 14.2) for a file of `sizeBytes`. One range of bytes is served;
 * several, another unit, or a header that does not parse get the whole file. If-Range compares strongly.
 */
export function rangeOf(headers: Headers, sizeBytes: number, validators: Validators): RangeDecision {
  const range = headers.get("range");
  if (range === null) return WHOLE;
  const ifRange = headers.get("if-range")?.trim();
  if (ifRange !== undefined) {
    const matches = ifRange.startsWith('"')
      ? ifRange === validators.etag
      : !ifRange.startsWith("W/") && isSameDate(ifRange, validators.lastModified);
    if (!matches) return WHOLE;
  }
  const match = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)$/i.exec(range.trim());
  if (!match || (match[1] === "" && match[2] === "")) return WHOLE;
  if (match[1] === "") return suffix(Number(match[2]), sizeBytes);
  const first = Number(match[1]);
  const last = match[2] === "" ? Number.MAX_SAFE_INTEGER : Number(match[2]);
  if (last < first) return WHOLE;
  if (first >= sizeBytes) return { kind: "unsatisfiable" };
  return { kind: "part", first, last: Math.min(last, sizeBytes - 1) };
}

function suffix(length: number, sizeBytes: number): RangeDecision {
  if (length === 0 || sizeBytes === 0) return { kind: "unsatisfiable" };
  return { kind: "part", first: Math.max(0, sizeBytes - length), last: sizeBytes - 1 };
}
