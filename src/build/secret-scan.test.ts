import { expect, test } from "bun:test";
import fc from "fast-check";
import { secretScan } from "./secret-scan.ts";

const LONG = "0123456789".repeat(20);
const scan = secretScan([
  { name: "C", value: LONG },
  { name: "A", value: "first/secret&1" },
  { name: "B", value: 'se"cond\nof lines\n' },
])!;
const look = (content: string | Uint8Array, chunkBytes = 1 << 20, path = "x.js") => {
  const bytes = Buffer.from(content as string);
  const onChunk = scan.file(path);
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) onChunk(bytes.subarray(at, at + chunkBytes));
};
const refused = (name: string) =>
  expect.objectContaining({
    code: "output_refused",
    message: `"x.js" can't be published: it holds the value of the secret '${name}'.`,
  });

test.each([
  ["as it is", "k=first/secret&1;", "A"],
  ["in a URL", `?k=${encodeURIComponent("first/secret&1")}`, "A"],
  ["in HTML", "<a title='first/secret&amp;1'>", "A"],
  ["in base64", Buffer.from("key=first/secret&1").toString("base64"), "A"],
  ["in hexadecimal digits", Buffer.from("first/secret&1").toString("hex"), "A"],
  ["in UTF-16", Buffer.from("k=first/secret&1", "utf16le").toString("latin1"), "A"],
  ["in UTF-16 of the other order", Buffer.from("k=first/secret&1", "utf16le").swap16().toString("latin1"), "A"],
  ["in base64 of several lines", `${Buffer.from(LONG).toString("base64").slice(0, 76)}\n`, "C"],
  ["in a script", JSON.stringify({ b: 'se"cond\nof lines\n' }), "B"],
  ["without the line end at its end", 'se"cond\nof lines', "B"],
])("a secret %s is found, whatever the chunks are", (_, text, name) => {
  for (const size of [1, 2, 3, 7, 100]) expect(() => look(`${"é".repeat(50)}${text}tail`, size)).toThrow(refused(name));
});

test("anything else passes, a part of a secret among it", () => {
  for (const size of [1, 5, 1000]) look(`first/secret& 1 ${"first/secret".repeat(20)} second of lines`, size);
  look(new Uint8Array([0xff, 0xfe, 0]));
  look("");
});

test("a file's name is looked at, too", () => {
  expect(() => scan.file("img/first/secret&1.png")).toThrow(expect.objectContaining({ code: "output_refused" }));
});

test("a secret anywhere in anything is found", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 1, max: 60 }),
      (before, after, size) => {
        const content = Buffer.concat([before, Buffer.from("first/secret&1"), after]);
        expect(() => look(content, size)).toThrow(refused("A"));
      },
    ),
  );
});

test("without secrets there is nothing to do", () => {
  expect(secretScan([])).toBeUndefined();
});
