import { huffmanEncode, huffmanLength } from "./huffman.ts";
import { STATIC_TABLE } from "./static-table.ts";

/** Of a connection, not of a message (RFC 9113 section 8.2.2), and the date, which the connection adds itself. */
const LEFT_OUT = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "date"]);
const STATIC_NAMES = new Map<string, { index: number; indexOfValue: Map<string, number> }>();
for (const [at, [name, value]] of STATIC_TABLE.entries()) {
  const known = STATIC_NAMES.get(name) ?? { index: at + 1, indexOfValue: new Map() };
  known.indexOfValue.set(value, at + 1);
  STATIC_NAMES.set(name, known);
}
/** How a field is written (RFC 7541 section 6): the pattern's bits, and the mask of the index beside them. */
const [INDEXED, WITHOUT_INDEXING, NEVER_INDEXED] = [
  { bits: 0x80, mask: 0x7f },
  { bits: 0x00, mask: 0x0f },
  { bits: 0x10, mask: 0x0f },
];
const HUFFMAN = 0x80;
/** Of an integer below 2^31. */
const INTEGER_MAX_BYTES = 6;

let out = Buffer.allocUnsafeSlow(4096);
let end = 0;

/**
 * The header block of a response's head, but for its date. It neither needs nor changes a dynamic table, so it holds for
 * every connection. Names may be in any case; names and values are latin1.
 */
export function encodeHead(status: number, fields: Iterable<readonly [name: string, value: string]>): Uint8Array {
  end = 0;
  field(":status", String(status));
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (!LEFT_OUT.has(lower)) field(lower, value);
  }
  return Uint8Array.prototype.slice.call(out, 0, end);
}

/** The header block of a date alone, to go after that of a head. */
export function dateBlock(text: string): Uint8Array {
  end = 0;
  field("date", text);
  return Uint8Array.prototype.slice.call(out, 0, end);
}

function field(name: string, value: string): void {
  reserve(name.length + value.length + 3 * INTEGER_MAX_BYTES);
  const known = STATIC_NAMES.get(name);
  // A peer on the way must not keep a secret in a table, where guesses could be tried against it (section 7.1.3).
  const isSecret = name === "set-cookie";
  const whole = isSecret ? undefined : known?.indexOfValue.get(value);
  if (whole !== undefined) {
    integer(INDEXED.bits, INDEXED.mask, whole);
    return;
  }
  const pattern = isSecret ? NEVER_INDEXED : WITHOUT_INDEXING;
  integer(pattern.bits, pattern.mask, known?.index ?? 0);
  if (known === undefined) string(name);
  string(value);
}

/** Section 5.1. */
function integer(bits: number, mask: number, value: number): void {
  if (value < mask) {
    out[end++] = bits | value;
    return;
  }
  out[end++] = bits | mask;
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) out[end++] = 0x80 | (rest & 0x7f);
  out[end++] = rest;
}

/** Section 5.2. */
function string(text: string): void {
  const codedBytes = huffmanLength(text);
  if (codedBytes < text.length) {
    integer(HUFFMAN, 0x7f, codedBytes);
    end = huffmanEncode(text, out, end);
  } else {
    integer(0, 0x7f, text.length);
    end += out.write(text, end, "latin1");
  }
}

function reserve(sizeBytes: number): void {
  if (end + sizeBytes <= out.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * out.length, end + sizeBytes));
  out.copy(larger, 0, 0, end);
  out = larger;
}
