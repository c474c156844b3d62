import { expect, test } from "bun:test";
import fc from "fast-check";
import { baseHosts, isBaseHost } from "./front-door.ts";

test("the base domain and the machine's own addresses are the website's", () => {
  const cases: [string, boolean][] = [
    ["berth.test", true],
    ["BERTH.test.:3000", true],
    ["localhost:3000", true],
    ["127.0.0.1", true],
    ["[::1]:3000", true],
    ["site.berth.test", false],
    ["berth.test.evil", false],
    ["", false],
    ["berth.test@evil", false],
    [`127.0.0.1:${"0".repeat(300)}`, false],
  ];
  const isBase = baseHosts("berth.test");
  for (const [host, expected] of [...cases, ...cases]) expect([host, isBase(host)]).toEqual([host, expected]);
});

test("what is known of a header is what would be found anew", () => {
  const isBase = baseHosts("a.test");
  const label = fc.constantFrom("a", "b", "A", "localhost", "127", "0", "1", "test", "", "[::1]");
  const host = fc.array(label, { maxLength: 4 }).map((labels) => labels.join("."));
  fc.assert(fc.property(host, (header) => isBase(header) === isBaseHost(header, "a.test")));
});
