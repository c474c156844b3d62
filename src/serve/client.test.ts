import { expect, test } from "bun:test";
import fc from "fast-check";
import { clientOf } from "./client.ts";

const PROXY = "10.0.0.1";
const trusts = (address: string) => address.startsWith("10.") || address === "fd00::1";
const read = (address: string | undefined, given: Record<string, string>, isTls = false) =>
  clientOf({ address, isTls }, new Headers(given), trusts);

test.each([
  // Nobody vouches for what a stranger says of itself.
  ["198.51.100.1", "203.0.113.9", "198.51.100.1", "203.0.113.9"],
  ["198.51.100.1", "10.0.0.1", "198.51.100.1", "10.0.0.1"],
  [undefined, "203.0.113.9", undefined, "203.0.113.9"],
  // A trusted proxy's word
  [PROXY, undefined, PROXY, ""],
  [PROXY, "203.0.113.9", "203.0.113.9", ""],
  [PROXY, "198.51.100.1, 203.0.113.9", "203.0.113.9", "198.51.100.1"],
  [PROXY, "10.9.9.9, 203.0.113.9", "203.0.113.9", "10.9.9.9"],
  [PROXY, "198.51.100.1,203.0.113.9, 10.0.0.2 ,10.0.0.3", "203.0.113.9", "198.51.100.1"],
  [PROXY, "10.0.0.3, 10.0.0.2", "10.0.0.3", ""],
  [PROXY, "2001:db8::1, fd00::1", "2001:db8::1", ""],
  // Forms with a port
  [PROXY, "203.0.113.9:4711", "203.0.113.9", ""],
  [PROXY, "[2001:db8::1]:4711", "2001:db8::1", ""],
  [PROXY, "[2001:db8::1]", "2001:db8::1", ""],
  // What is no address hides all that is before it.
  [PROXY, "203.0.113.9, unknown", PROXY, "203.0.113.9, unknown"],
  [PROXY, "203.0.113.9, _hidden, 10.0.0.2", "10.0.0.2", "203.0.113.9, _hidden"],
  [PROXY, "203.0.113.9,", PROXY, "203.0.113.9,"],
  [PROXY, "", PROXY, ""],
] as [string | undefined, string | undefined, string | undefined, string][])(
  "from %s with X-Forwarded-For '%s': %s",
  (peer, header, address, before) => {
    const client = read(peer, header === undefined ? {} : { "x-forwarded-for": header });
    expect([client.address, client.before]).toEqual([address, before]);
  },
);

test.each([
  [PROXY, "https", false, true],
  [PROXY, "HTTPS", false, true],
  [PROXY, "http, https", false, true],
  [PROXY, "https, http", false, false],
  [PROXY, "http", false, false],
  [PROXY, "http", true, true],
  [PROXY, undefined, false, false],
  ["198.51.100.1", "https", false, false],
  ["198.51.100.1", "http", true, true],
  [undefined, "https", false, false],
] as [string | undefined, string | undefined, boolean, boolean][])(
  "from %s with X-Forwarded-Proto '%s', TLS %p: secure %p",
  (peer, header, isTls, isSecure) => {
    expect(read(peer, header === undefined ? {} : { "x-forwarded-proto": header }, isTls).isSecure).toBe(isSecure);
  },
);

test("whatever a client writes before a trusted proxy's entry, it is counted by that entry", () => {
  fc.assert(
    fc.property(fc.string(), (written) => {
      const header = `${written.replace(/[^\x21-\x7e]/g, "")}, 203.0.113.9, 10.0.0.2`;
      expect(read(PROXY, { "x-forwarded-for": header }).address).toBe("203.0.113.9");
    }),
  );
});
