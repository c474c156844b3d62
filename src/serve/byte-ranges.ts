/** Bytes of a file, both ends inclusive. */
export interface ByteRange {
  first: number;
  last: number;
}

export type RangeDecision =
  | { kind: "whole" }
  /** At least one, apart from each other, in the order that they were asked for. */
  | { kind: "parts"; parts: ByteRange[] }
  | { kind: "unsatisfiable" };

const WHOLE: RangeDecision = { kind: "whole" };
const HEADER_MAX_CHARACTERS = 2_000;
const ASKED_MAX = 64;
const PARTS_MAX = 16;
/** All parts of one answer together: they are put together in memory. */
const PARTS_MAX_BYTES = 1024 * 1024;

/**
 * Reads a Range header (RFC 9110 section 14.2) for a file of `sizeBytes`. Ranges that overlap or touch become one.
 * Another unit and a header that does not parse get the whole file. So does a request for more than 64 ranges, or for
 * several that make more than 16 parts, more than a mebibyte or as much as the file (section 14.2 lets a server ignore
 * what looks like an attack): what they would cost must not be chosen by the client.
 */
export function rangesOf(header: string, sizeBytes: number): RangeDecision {
  if (header.length > HEADER_MAX_CHARACTERS) return WHOLE;
  const list = /^bytes=(.*)$/i.exec(header.trim())?.[1];
  if (list === undefined) return WHOLE;
  const asked = list
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
  if (asked.length === 0 || asked.length > ASKED_MAX) return WHOLE;
  const ranges: ByteRange[] = [];
  for (const text of asked) {
    const range = readRange(text, sizeBytes);
    if (range === "malformed") return WHOLE;
    if (range !== "outside") ranges.push(range);
  }
  if (ranges.length === 0) return { kind: "unsatisfiable" };
  const parts = joined(ranges);
  return parts.length === 1 || isWorthParts(parts, sizeBytes) ? { kind: "parts", parts } : WHOLE;
}

function readRange(text: string, sizeBytes: number): ByteRange | "malformed" | "outside" {
  const match = /^(\d*)\s*-\s*(\d*)$/.exec(text);
  if (!match || (match[1] === "" && match[2] === "")) return "malformed";
  if (match[1] === "") {
    const length = Number(match[2]);
    if (length === 0 || sizeBytes === 0) return "outside";
    return { first: Math.max(0, sizeBytes - length), last: sizeBytes - 1 };
  }
  const first = Number(match[1]);
  const last = match[2] === "" ? Number.POSITIVE_INFINITY : Number(match[2]);
  if (last < first) return "malformed";
  return first >= sizeBytes ? "outside" : { first, last: Math.min(last, sizeBytes - 1) };
}

/** RFC 9110 section 15.3.7.2: one that was joined stands where its first piece was asked for. */
function joined(ranges: readonly ByteRange[]): ByteRange[] {
  const parts: (ByteRange & { place: number })[] = [];
  const placed = ranges.map((range, place) => ({ ...range, place }));
  for (const range of placed.toSorted((a, b) => a.first - b.first)) {
    const before = parts.at(-1);
    if (before !== undefined && range.first <= before.last + 1) {
      before.last = Math.max(before.last, range.last);
      before.place = Math.min(before.place, range.place);
    } else {
      parts.push(range);
    }
  }
  return parts.toSorted((a, b) => a.place - b.place).map(({ first, last }) => ({ first, last }));
}

function isWorthParts(parts: readonly ByteRange[], sizeBytes: number): boolean {
  const bytes = parts.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return parts.length <= PARTS_MAX && bytes <= PARTS_MAX_BYTES && bytes < sizeBytes;
}
