import { expect, test } from "bun:test";
import { type ContactedHost, sumContacted } from "./contacted-host.ts";

const contact = (host: string, port: number, bytes: number, refused = false) => ({
  ...{ host, port, sentBytes: bytes, receivedBytes: bytes * 2, refused },
});

test.each<{ runs: ContactedHost[][]; sum: ContactedHost[] }>([
  { runs: [], sum: [] },
  { runs: [[], [contact("a", 443, 1)]], sum: [contact("a", 443, 1)] },
  { runs: [[contact("a", 443, 1)], [contact("a", 443, 2)]], sum: [contact("a", 443, 3)] },
  {
    runs: [
      [contact("a", 443, 1), contact("b", 443, 0, true)],
      [contact("a", 80, 2), contact("b", 443, 0)],
    ],
    sum: [contact("a", 443, 1), contact("b", 443, 0, true), contact("a", 80, 2)],
  },
])("hosts of runs add up: %#", ({ runs, sum }) => {
  expect(sumContacted(runs)).toEqual(sum);
});

test("the runs' own records stay as they are", () => {
  const first = contact("a", 443, 1);
  sumContacted([[first], [contact("a", 443, 2)]]);
  expect(first.sentBytes).toBe(1);
});
