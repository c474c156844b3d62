import { expect, test } from "bun:test";
import { Attempts, clientKey } from "./attempts.ts";

test("a burst, then one for each time of refill; another key has its own", () => {
  let now = 0;
  const attempts = new Attempts({ burst: 3, refillMs: 10_000, keysMax: 10 }, () => now);
  expect([1, 2, 3, 4].map(() => attempts.take("a"))).toEqual([0, 0, 0, 10]);
  expect(attempts.take("b")).toBe(0);
  now += 4_000;
  expect(attempts.take("a")).toBe(6);
  now += 6_000;
  expect([attempts.take("a"), attempts.take("a")]).toEqual([0, 10]);
  now += 3_600_000;
  expect([1, 2, 3, 4].map(() => attempts.take("a") > 0)).toEqual([false, false, false, true]);
});

test("a right one clears the count", () => {
  const attempts = new Attempts({ burst: 1, refillMs: 1000, keysMax: 10 }, () => 0);
  attempts.take("a");
  attempts.forget("a");
  expect(attempts.take("a")).toBe(0);
});

test("a million addresses take no more memory than the bound", () => {
  const attempts = new Attempts({ burst: 1, refillMs: 1000, keysMax: 100 }, () => 0);
  for (let n = 0; n < 10_000; n += 1) attempts.take(`${n}`);
  expect(attempts.size).toBe(100);
});

test.each([
  [undefined, "unknown"],
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:DB8:0001:0::1", "2001:db8:1:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
])("%s is the client %s", (address, key) => {
  expect(clientKey(address)).toBe(key);
});
