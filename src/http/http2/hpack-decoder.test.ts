import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HpackError } from "./hpack-error.ts";

const bytesOf = (hex: string): Uint8Array => Uint8Array.fromHex(hex.replaceAll(/\s/g, ""));
const decoderOf = (tableMaxBytes = 4096, listMaxBytes = 65_536) => new HpackDecoder({ tableMaxBytes, listMaxBytes });
/** Fields as the RFC prints them, one a line. */
const fieldsOf = (text: string): [string, string][] =>
  text
    .trim()
    .split(/\n\s*/)
    .map((line) => [line.slice(0, line.indexOf(": ", 1)), line.slice(line.indexOf(": ", 1) + 2)]);

const REQUESTS = [
  `:method: GET
   :scheme: http
   :path: /
   :authority: www.example.com`,
  `:method: GET
   :scheme: http
   :path: /
   :authority: www.example.com
   cache-control: no-cache`,
  `:method: GET
   :scheme: https
   :path: /index.html
   :authority: www.example.com
   custom-key: custom-value`,
];
const RESPONSES = [
  `:status: 302
   cache-control: private
   date: Mon, 21 Oct 2013 20:13:21 GMT
   location: https://www.example.com`,
  `:status: 307
   cache-control: private
   date: Mon, 21 Oct 2013 20:13:21 GMT
   location: https://www.example.com`,
  `:status: 200
   cache-control: private
   date: Mon, 21 Oct 2013 20:13:22 GMT
   location: https://www.example.com
   content-encoding: gzip
   set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1`,
];

describe("the examples of RFC 7541 appendix C", () => {
  test.each([
    ["C.2.1", "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", "custom-key: custom-header"],
    ["C.2.2", "040c 2f73 616d 706c 652f 7061 7468", ":path: /sample/path"],
    ["C.2.3", "1008 7061 7373 776f 7264 0673 6563 7265 74", "password: secret"],
    ["C.2.4", "82", ":method: GET"],
  ])("%s", (_, hex, text) => {
    expect(decoderOf().decode(bytesOf(hex))).toEqual({ fields: fieldsOf(text), isTooLarge: false });
  });

  test.each([
    [
      "C.3",
      4096,
      REQUESTS,
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
    ],
    [
      "C.4",
      4096,
      REQUESTS,
      [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
    ],
    [
      "C.5",
      256,
      RESPONSES,
      [
        `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120
         474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
        "4803 3330 37c1 c0bf",
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738
         666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33
         3630 303b 2076 6572 7369 6f6e 3d31`,
      ],
    ],
    [
      "C.6",
      256,
      RESPONSES,
      [
        `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718
         63c7 8f0b 97c8 e9ae 82ae 43d3`,
        "4883 640e ffc1 c0bf",
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7
         b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
      ],
    ],
  ] as const)("%s", (_, tableMaxBytes, texts, blocks) => {
    const decoder = decoderOf(tableMaxBytes);
    for (const [at, block] of blocks.entries()) {
      expect(decoder.decode(bytesOf(block))).toEqual({ fields: fieldsOf(texts[at]!), isTooLarge: false });
    }
  });
});

/** Of 3 + 11 characters, and the table takes it. */
const LITERAL = "40 03 616263 0b 6162636465666768696a6b";

describe("what breaks the RFC", () => {
  test.each([
    ["index 0", "index 0", ["80"]],
    ["an index beyond the static table, with an empty dynamic one", "beyond the tables", ["be"]],
    ["an index beyond the dynamic table", "beyond the tables", [`${LITERAL} bf`]],
    ["a name's index beyond the tables", "beyond the tables", ["7f 00 00"]],
    ["an entry that a smaller table evicted", "beyond the tables", [LITERAL, "3f 0e be"]],
    ["an entry that a larger one drove out", "beyond the tables", ["3f 0e", `${LITERAL} be`]],
    ["an integer over 2^28", "too large", ["ff 82 ff ff 7f"]],
    ["2^28, as an index", "beyond the tables", ["ff 81 ff ff 7f"]],
    ["an integer of six continuation bytes", "too long", ["ff 80 80 80 80 80 00"]],
    ["an index that ends early", "within an integer", ["ff 80"]],
    ["no name's length", "before a string", ["40"]],
    ["a name's length that ends early", "within an integer", ["40 7f"]],
    ["a name that ends early", "within a string", ["40 03 6162"]],
    ["no value's length", "before a string", ["40 01 61"]],
    ["a value that ends early", "within a string", ["40 01 61 02 62"]],
    ["a size update after a field", "follows a field", ["82 20"]],
    ["a size update beyond the setting", "beyond the setting", ["3f e2 1f"]],
    ["a third size update", "more than two", ["20 20 20"]],
    ["a size update that ends early", "within an integer", ["3f"]],
    ["Huffman: padding of eight bits", "wrong padding", ["00 82 3f ff 00"]],
    ["Huffman: padding of a whole byte", "wrong padding", ["00 81 ff 00"]],
    ["Huffman: padding with a zero", "wrong padding", ["00 81 1e 00"]],
    ["Huffman: EOS", "EOS", ["00 84 ff ff ff ff 00"]],
    ["Huffman: EOS after a symbol", "EOS", ["00 85 1f ff ff ff ff 00"]],
  ])("%s", (_, message, blocks) => {
    const decoder = decoderOf();
    for (const block of blocks.slice(0, -1)) decoder.decode(bytesOf(block));
    let error: unknown;
    try {
      decoder.decode(bytesOf(blocks.at(-1)!));
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(HpackError);
    expect(String(error)).toContain(message);
  });

  test.each([
    ["a size update to the setting", ["3f e1 1f 82"]],
    ["two size updates", ["20 3f e1 1f 82"]],
    ["an integer with zeros ahead", [`00 7f 80 80 80 80 00 ${"61".repeat(127)} 00`]],
    ["padding of seven bits", ["00 82 fe 7f 00"]],
    ["no field at all", [""]],
    ["an entry that fills the table whole", ["3f 0f", `${LITERAL} be`]],
  ])("%s does not", (_, blocks) => {
    const decoder = decoderOf();
    for (const block of blocks) expect(decoder.decode(bytesOf(block)).isTooLarge).toBe(false);
  });
});

test("a table with an entry in each of its slots", () => {
  const decoder = decoderOf(66);
  for (const name of ["61", "62", "63", "64", "65"]) decoder.decode(bytesOf(`40 01 ${name} 00`));
  expect(decoder.decode(bytesOf("be bf")).fields).toEqual([
    ["e", ""],
    ["d", ""],
  ]);
  expect(() => decoder.decode(bytesOf("c0"))).toThrow(HpackError);
});

describe("a list that is too large", () => {
  test("is decoded to its end, for the table", () => {
    const decoder = decoderOf(4096, 42 + 45);
    // 42 bytes of :method: GET, 46 of the literal.
    expect(decoder.decode(bytesOf(`82 ${LITERAL} 82`))).toEqual({ fields: [[":method", "GET"]], isTooLarge: true });
    expect(decoder.decode(bytesOf("be"))).toEqual({ fields: [["abc", "abcdefghijk"]], isTooLarge: false });
  });

  test("has the limit's size and not one byte more", () => {
    expect(decoderOf(4096, 42).decode(bytesOf("82"))).toEqual({ fields: [[":method", "GET"]], isTooLarge: false });
    expect(decoderOf(4096, 41).decode(bytesOf("82"))).toEqual({ fields: [], isTooLarge: true });
  });

  test("has up to 200 fields", () => {
    const { fields, isTooLarge } = decoderOf().decode(bytesOf("82".repeat(200)));
    expect([fields.length, isTooLarge]).toEqual([200, false]);
    const more = decoderOf().decode(bytesOf("82".repeat(201)));
    expect([more.fields.length, more.isTooLarge]).toEqual([200, true]);
  });

  test("is an error all the same where it breaks the RFC", () => {
    expect(() => decoderOf(4096, 0).decode(bytesOf("82 80"))).toThrow(HpackError);
  });
});

describe("any bytes", () => {
  /** Random bytes are seldom a long block; these are, for most of their way. */
  const piece = fc.oneof(
    fc.constantFrom(..."82 be bf c0 c8 20 3f00 3fe11f 7f00 ff00".split(" ")),
    fc.constantFrom("400161", "40826007", "0f2f", "1000", "00", "01", "7e0161", "ff808080", "0084ffffffff"),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => bytes.toHex()),
    fc.constantFrom(10, 60, 400).map((length) => `5e0${length < 127 ? "" : "0"}${"61".repeat(length)}`),
  );
  const block = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(piece, { maxLength: 40 }).map((pieces) => {
      const hex = pieces.join("");
      return bytesOf(hex.length % 2 === 0 ? hex : `${hex}0`);
    }),
  );

  test("either are fields within the limits or break the RFC", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 8 }), fc.constantFrom(0, 40, 100, 4096), (blocks, tableMaxBytes) => {
        const decoder = decoderOf(tableMaxBytes, 1000);
        try {
          for (const one of blocks) {
            const { fields } = decoder.decode(one);
            const listBytes = fields.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
            expect(listBytes).toBeLessThanOrEqual(1000);
            expect(fields.flat().every((text) => typeof text === "string")).toBe(true);
          }
        } catch (error) {
          if (!(error instanceof HpackError)) throw error;
        }
      }),
      { numRuns: 5000 },
    );
  });

  /** Against a table that is kept in the plainest way, the newest entry first. */
  test("of literals and indexes keep the table as the RFC has it", () => {
    const literal = fc.tuple(fc.constantFrom("a", "bc", "name"), fc.nat(90), fc.constant("add" as const));
    const index = fc.tuple(fc.constant(""), fc.nat(5), fc.constant("get" as const));
    const resize = fc.tuple(fc.constant(""), fc.nat(30), fc.constant("resize" as const));
    fc.assert(
      fc.property(fc.array(fc.oneof(literal, literal, index, resize), { maxLength: 60 }), (steps) => {
        const decoder = decoderOf(256);
        let maxBytes = 256;
        let table: [string, string][] = [];
        const evict = () => {
          const sizes = table.map(([name, value]) => name.length + value.length + 32);
          while (sizes.reduce((sum, size) => sum + size, 0) > maxBytes) sizes.pop();
          table = table.slice(0, sizes.length);
        };
        for (const [name, number, kind] of steps) {
          if (kind === "resize") {
            maxBytes = number;
            if (number % 2 === 0) maxBytes += 222;
            evict();
            const update = maxBytes < 31 ? [0x20 | maxBytes] : [0x3f, ...varint(maxBytes - 31)];
            expect(decoder.decode(Uint8Array.from(update)).fields).toEqual([]);
          } else if (kind === "get") {
            const at = Uint8Array.of(0x80 | (62 + number));
            if (number < table.length) expect(decoder.decode(at).fields).toEqual([table[number]!]);
          } else {
            const value = "v".repeat(number);
            table.unshift([name, value]);
            evict();
            const text = Buffer.from(
              `@${String.fromCharCode(name.length)}${name}${String.fromCharCode(number)}${value}`,
            );
            expect(decoder.decode(text).fields).toEqual([[name, value]]);
          }
        }
        for (const [at, entry] of table.entries()) {
          expect(decoder.decode(Uint8Array.of(0x80 | (62 + at))).fields).toEqual([entry]);
        }
        expect(() => decoder.decode(Uint8Array.of(0x80 | (62 + table.length)))).toThrow(HpackError);
      }),
      { numRuns: 2000 },
    );
  });
});

const varint = (value: number): number[] => (value < 128 ? [value] : [128 | (value & 127), ...varint(value >> 7)]);
