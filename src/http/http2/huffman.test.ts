import { expect, test } from "bun:test";
import fc from "fast-check";
import { HpackError } from "./hpack-error.ts";
import { huffmanDecode, huffmanEncode, huffmanLength } from "./huffman.ts";

function encoded(text: string): Uint8Array {
  const bytes = new Uint8Array(huffmanLength(text));
  expect(huffmanEncode(text, bytes, 0)).toBe(bytes.length);
  return bytes;
}

test("each symbol alone and among others reads as it was written", () => {
  for (let code = 0; code < 256; code += 1) {
    const symbol = String.fromCharCode(code);
    for (const text of [symbol, `a${symbol}b`, symbol.repeat(9)]) {
      const bytes = encoded(text);
      expect(huffmanDecode(bytes, 0, bytes.length)).toBe(text);
    }
  }
});

test.each([
  // From RFC 7541 appendix B: of each length of code the first symbol or the last.
  ["0", "07"],
  ["t", "4f"],
  [" ", "53"],
  ["u", "b7"],
  [":", "b9"],
  ["z", "f7"],
  ["&", "f8"],
  ["Z", "fd"],
  ["!", "fe3f"],
  ["?", "ff3f"],
  ["'", "ff5f"],
  ["#", "ffaf"],
  ["\0", "ffc7"],
  ["~", "ffef"],
  ["^", "fff3"],
  ["<", "fff9"],
  ["{", "fffd"],
  ["\\", "fffe1f"],
  ["\x80", "fffe6f"],
  ["\x99", "fffee7"],
  ["\x81", "ffff4b"],
  ["\x01", "ffffb1"],
  ["\t", "ffffea"],
  ["\xc7", "fffff67f"],
  ["\xc0", "fffff83f"],
  ["\xcb", "fffffbdf"],
  ["\x02", "fffffe2f"],
  ["\xf9", "ffffffef"],
  ["\n", "fffffff3"],
  ["\x16", "fffffffb"],
])("the code of %j", (symbol, hex) => {
  expect(encoded(symbol).toHex()).toBe(hex);
});

test("any latin1 text reads as it was written, wherever it stands", () => {
  const symbol = fc.nat(255).map((code) => String.fromCharCode(code));
  fc.assert(
    fc.property(fc.string({ unit: symbol, maxLength: 6000 }), fc.nat(9), (text, at) => {
      const bytes = new Uint8Array(at + huffmanLength(text) + 3);
      const end = huffmanEncode(text, bytes, at);
      expect(end).toBe(bytes.length - 3);
      expect(huffmanDecode(bytes, at, end)).toBe(text);
    }),
  );
});

test("any bytes either are the only code of a text or are refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      let text: string;
      try {
        text = huffmanDecode(bytes, 0, bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(HpackError);
        return;
      }
      expect(encoded(text)).toEqual(bytes);
    }),
    { numRuns: 5000 },
  );
});

test("a text larger than the kept buffer", () => {
  const text = "0".repeat(200_000);
  const bytes = encoded(text);
  expect(bytes.length).toBe(125_000);
  expect(huffmanDecode(bytes, 0, bytes.length)).toBe(text);
});
