import { HpackError } from "./hpack-error.ts";

/** How many bits each symbol's code has (RFC 7541 appendix B); the last is EOS. */
// biome-ignore format: a table, sixteen symbols a line
const LENGTHS = Uint8Array.of(
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
);
const EOS = 256;
const SHORTEST_BITS = 5;

const CODES = canonicalCodes();
/** Flags of `STEPS`; below them stand the symbol (bits 8 to 15) and the next state (bits 0 to 7). */
const [EMITS, FAILS] = [1 << 16, 1 << 17];
/** What four bits do, at `state * 16 + bits`. A state is an inner node of the code's tree; the root is 0. */
const { steps: STEPS, isEnd: IS_END } = decodingTables();

let scratch = Buffer.allocUnsafeSlow(4096);
const SCRATCH_KEPT_BYTES = 65_536;

/**
 * The text (latin1) whose code stands in `bytes`, from `from` up to but without `to`.
 * @throws HpackError on EOS, and on padding that is longer than seven bits or holds a zero
 */
export function huffmanDecode(bytes: Uint8Array, from: number, to: number): string {
  const mostBytes = Math.floor(((to - from) * 8) / SHORTEST_BITS);
  const out = scratchOf(mostBytes);
  let size = 0;
  let state = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at]!;
    const high = STEPS[(state << 4) | (byte >> 4)]!;
    if (high & EMITS) out[size++] = high >> 8;
    const low = STEPS[((high & 255) << 4) | (byte & 15)]!;
    if (low & EMITS) out[size++] = low >> 8;
    if ((high | low) & FAILS) throw new HpackError("a Huffman code holds EOS");
    state = low & 255;
  }
  if (IS_END[state] === 0) throw new HpackError("a Huffman code ends in wrong padding");
  return out.toString("latin1", 0, size);
}

/** Of the code of a latin1 text, in bytes. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at += 1) bits += LENGTHS[text.charCodeAt(at)]!;
  return (bits + 7) >> 3;
}

/** Writes the code of a latin1 text at `at`, `huffmanLength` bytes, and says where it ends. */
export function huffmanEncode(text: string, into: Uint8Array, at: number): number {
  let end = at;
  /** Its last `heldBits` bits are yet to be written; what stands above them is done with. */
  let held = 0;
  let heldBits = 0;
  for (let index = 0; index < text.length; index += 1) {
    const symbol = text.charCodeAt(index);
    let length = LENGTHS[symbol]!;
    let code = CODES[symbol]!;
    if (length > 16) {
      // In two parts, for up to 7 + 30 bits are more than the 32 of an integer.
      held = (held << (length - 16)) | (code >>> 16);
      heldBits += length - 16;
      for (; heldBits >= 8; heldBits -= 8) into[end++] = held >>> (heldBits - 8);
      code &= 0xffff;
      length = 16;
    }
    held = (held << length) | code;
    heldBits += length;
    for (; heldBits >= 8; heldBits -= 8) into[end++] = held >>> (heldBits - 8);
  }
  if (heldBits > 0) into[end++] = (held << (8 - heldBits)) | (255 >> heldBits);
  return end;
}

/** One buffer serves all texts but huge ones, for a text is copied out of it at once. */
function scratchOf(sizeBytes: number): Buffer {
  if (sizeBytes <= scratch.length) return scratch;
  const larger = Buffer.allocUnsafeSlow(sizeBytes);
  if (sizeBytes <= SCRATCH_KEPT_BYTES) scratch = larger;
  return larger;
}

/** Shorter codes come first, and among codes of one length those of lower symbols. */
function canonicalCodes(): Uint32Array {
  const codes = new Uint32Array(LENGTHS.length);
  let next = 0;
  for (let length = SHORTEST_BITS; length <= 30; length += 1) {
    next *= 2;
    for (let symbol = 0; symbol < LENGTHS.length; symbol += 1) if (LENGTHS[symbol] === length) codes[symbol] = next++;
  }
  return codes;
}

function decodingTables(): { steps: Uint32Array; isEnd: Uint8Array } {
  /** Where each bit leads from a node, at `node * 2 + bit`: to a node, or as `~symbol` to a symbol. */
  const tree: number[] = [0, 0];
  for (let symbol = 0; symbol < LENGTHS.length; symbol += 1) {
    let node = 0;
    for (let bit = LENGTHS[symbol]! - 1; bit >= 0; bit -= 1) {
      const branch = node * 2 + ((CODES[symbol]! >>> bit) & 1);
      if (bit === 0) tree[branch] = ~symbol;
      else if (tree[branch] === 0) node = tree[branch] = tree.push(0, 0) / 2 - 1;
      else node = tree[branch]!;
    }
  }
  const steps = new Uint32Array(tree.length * 8);
  for (let index = 0; index < steps.length; index += 1) {
    let node = index >> 4;
    let step = 0;
    for (let bit = 3; bit >= 0; bit -= 1) {
      node = tree[node * 2 + ((index >> bit) & 1)]!;
      if (node >= 0) continue;
      step = ~node === EOS ? FAILS : step | EMITS | (~node << 8);
      node = 0;
    }
    steps[index] = step | node;
  }
  // The code may end within up to seven ones, the first bits of EOS (section 5.2).
  const isEnd = new Uint8Array(tree.length / 2);
  for (let node = 0, ones = 0; ones <= 7; ones += 1, node = tree[node * 2 + 1]!) isEnd[node] = 1;
  return { steps, isEnd };
}
