import { expect, test } from "bun:test";
import fc from "fast-check";
import { LineCutter } from "./line-cutter.ts";
import { createMasker } from "./mask.ts";

const cut = (chunks: readonly (string | Uint8Array)[], secrets: string[] = []) => {
  const cutter = new LineCutter(createMasker(secrets));
  const lines = chunks.flatMap((chunk) => cutter.take(Buffer.from(chunk as string)));
  return [...lines, ...cutter.end()];
};

test("lines end where they end, not where chunks do", () => {
  expect(cut(["a\nb", "c\r\n", "\nd"])).toEqual(["a", "bc", "", "d"]);
  const bytes = Buffer.from("é😀\n");
  expect(cut([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(["é😀"]);
});

test("of a redrawn line what stood there last is kept, and no NUL", () => {
  expect(cut(["10%\r50%\r100%\r\n", "a\0b\n"])).toEqual(["100%", "ab"]);
});

test("of a flood the last lines are made alone, and what has no end yet goes on", () => {
  const cutter = new LineCutter(createMasker([]));
  expect(cutter.take(Buffer.from("1\n2\n3\n4"), 2)).toEqual(["2", "3"]);
  expect(cutter.take(Buffer.from("5\n"), 2)).toEqual(["45"]);
});

test("a line without an end is cut, and a secret on the cut is masked", () => {
  const rest = Array.from({ length: 50 }, () => "x".repeat(100));
  const lines = cut([`${"x".repeat(3_995)}${"hunter2".repeat(3)}`, ...rest], ["hunter2"]);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join("")).toBe(`${"x".repeat(3_995)}***${"x".repeat(5_000)}`);
  expect(cut(["aaaa".repeat(50_000), "b"], ["aaaa"]).join("")).toMatch(/^(\*\*\*)+b$/);
});

test("whatever the chunks are, no secret is in the lines", () => {
  const secrets = ["hunter2é", "two\nlines of it", 'q"uo\\te', "aaaa", "-".repeat(300)];
  const piece = fc.oneof(
    fc.constantFrom(...secrets, ...secrets.map((text) => Buffer.from(text).toString("base64"))),
    fc.constantFrom("x".repeat(3_990), "\0", "\r", "\n", "a", "h", "hunter", "é", "-".repeat(150)),
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), (printed, sizes) => {
      const bytes = Buffer.from(printed);
      const chunks: Uint8Array[] = [];
      for (let at = 0, n = 0; at < bytes.byteLength; n += 1) {
        const size = sizes[n % sizes.length]!;
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      const lines = cut(chunks, secrets);
      for (const secret of secrets) {
        expect(lines.join("\n")).not.toContain(secret);
        expect(lines.some((line) => line.includes(Buffer.from(secret).toString("base64").slice(0, -4)))).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});
