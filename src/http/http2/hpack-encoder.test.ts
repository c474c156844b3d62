import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HpackDecoder } from "./hpack-decoder.ts";
import { dateBlock, encodeHead } from "./hpack-encoder.ts";

type Fields = [name: string, value: string][];
const decode = (block: Uint8Array) =>
  new HpackDecoder({ tableMaxBytes: 0, listMaxBytes: 2 ** 27 }).decode(block).fields;
const hexOf = (block: Uint8Array) => block.toHex();

describe("the bytes of a head", () => {
  test.each<[string, number, Fields, string]>([
    ["a status of the static table", 200, [], "88"],
    ["another of it", 500, [], "8e"],
    ["a status beside the table", 302, [], "08826402"],
    ["a pair of the static table", 200, [["Accept-Encoding", "gzip, deflate"]], "8890"],
    ["a name of the static table", 200, [["Cache-Control", "private"]], "880f0985aec3771a4b"],
    ["a name of its own", 200, [["custom-key", "custom-value"]], "88008825a849e95ba97d7f8925a849e95bb8e8b4bf"],
    ["a value that is longer in Huffman's code", 200, [["etag", "\\\\"]], "880f13025c5c"],
    ["a cookie, which is kept by nobody", 200, [["Set-Cookie", "a"]], "881f280161"],
    ["an empty cookie, although the static table has it", 200, [["set-cookie", ""]], "881f2800"],
    ["an empty value of the static table", 200, [["vary", ""]], "88bb"],
  ])("%s", (_, status, fields, hex) => {
    expect(hexOf(encodeHead(status, fields))).toBe(hex);
  });

  test("what belongs to the connection is left out, in any case", () => {
    const names = ["Connection", "keep-alive", "PROXY-CONNECTION", "transfer-encoding", "Upgrade", "Date"];
    expect(
      hexOf(
        encodeHead(
          204,
          names.map((name) => [name, "close"] as const),
        ),
      ),
    ).toBe("89");
  });

  test("a date alone", () => {
    // The value of RFC 7541 section C.6.1.
    expect(hexOf(dateBlock("Mon, 21 Oct 2013 20:13:21 GMT"))).toBe(
      "0f1296d07abe941054d444a8200595040b8166e082a62d1bff",
    );
  });

  test("a result keeps its bytes when another is made", () => {
    const first = encodeHead(200, [["x", "first"]]);
    encodeHead(404, [["y", "second"]]);
    expect(decode(first)).toEqual([
      [":status", "200"],
      ["x", "first"],
    ]);
  });
});

const latin1 = (maxLength: number) =>
  fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength });
const token = fc.string({
  unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"),
  minLength: 1,
});
const name = fc.oneof(
  token,
  fc.constantFrom("etag", "set-cookie", "content-type", "vary", "accept-encoding", "x".repeat(400)),
);
const LEFT_OUT = /^(connection|keep-alive|proxy-connection|transfer-encoding|upgrade|date)$/;
const value = fc.oneof(latin1(40), latin1(3000), fc.constantFrom("", "gzip, deflate", "a".repeat(20_000)));

test("every head reads as it was written", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 999 }),
      fc.array(fc.tuple(name, value), { maxLength: 12 }),
      (status, all) => {
        const fields = all.filter(([one]) => !LEFT_OUT.test(one));
        const loud = fields.map(([one, text]) => [one.toUpperCase(), text] as const);
        expect(decode(encodeHead(status, loud))).toEqual([[":status", String(status)], ...fields]);
      },
    ),
    { numRuns: 500 },
  );
});
