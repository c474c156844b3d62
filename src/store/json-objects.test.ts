import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeJson, parseVersioned, withChecksum } from "./json-objects.ts";

const value = fc.record({ version: fc.constant(1 as const), files: fc.dictionary(fc.string(), fc.string()) });

test("what was written with a checksum is read as it was, without it", () => {
  fc.assert(
    fc.property(value, (object) => {
      const read = parseVersioned<typeof object>(withChecksum(encodeJson(object)), "k");
      expect(JSON.stringify(read)).toBe(JSON.stringify(object));
    }),
  );
});

test("a byte that changed is found out wherever it is", () => {
  fc.assert(
    fc.property(value, fc.nat(), fc.integer({ min: 1, max: 255 }), (object, at, change) => {
      const bytes = withChecksum(encodeJson(object));
      const position = at % bytes.length;
      bytes[position]! ^= change;
      let read: unknown;
      try {
        read = parseVersioned<typeof object>(bytes, "k");
      } catch (error) {
        expect(error).toMatchObject({ code: "corrupt_object" });
        return;
      }
      // In the member's own name: then nothing else has changed.
      expect(position).toBeLessThan(79);
      expect(read).toMatchObject(JSON.parse(JSON.stringify(object)));
    }),
  );
});

test("objects without a checksum are read too", () => {
  expect(parseVersioned<{ version: 1; a: number }>(encodeJson({ version: 1, a: 2 }), "k")).toEqual({
    version: 1,
    a: 2,
  });
});
