import { expect, test } from "bun:test";
import fc from "fast-check";
import { payloadsOf } from "./host-moves.ts";

test("every host is in one payload, and no payload is longer than PostgreSQL takes", () => {
  const host = fc.stringMatching(/^[a-z0-9.-]{1,253}$/);
  fc.assert(
    fc.property(fc.array(host, { maxLength: 120 }), (hosts) => {
      const payloads = payloadsOf(hosts);
      for (const payload of payloads) expect(payload.length).toBeLessThan(8_000);
      expect(payloads.flatMap((payload) => payload.split(" "))).toEqual([...new Set(hosts)]);
    }),
  );
});
