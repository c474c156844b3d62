import { expect, test } from "bun:test";
import fc from "fast-check";
import { Patience } from "./patience.ts";
import { WINDOW_MAX_BYTES } from "./protocol.ts";
import { ReceiveWindow, SendWindow } from "./windows.ts";

test("a window to send into grows as far as windows may", () => {
  const window = new SendWindow(65_535);
  expect([window.grow(WINDOW_MAX_BYTES - 65_535), window.grow(1)]).toEqual([true, false]);
});

test("whoever sends what it may and is read is never stopped, and never has more than the window on its way", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 4_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(sizes, (parts) => {
      const window = new ReceiveWindow(16_000);
      let may = 16_000;
      for (const bytes of parts) {
        expect(bytes).toBeLessThanOrEqual(may);
        expect(window.take(bytes)).toBe(true);
        may += window.read(bytes) - bytes;
        expect(may).toBeLessThanOrEqual(16_000);
      }
      expect(window.take(may)).toBe(true);
      expect(window.take(1)).toBe(false);
    }),
  );
});

test("patience ends, and comes back with time", () => {
  const patience = new Patience();
  const spent = (now: number) => {
    let count = 0;
    while (patience.spend(1, now)) count += 1;
    return count;
  };
  expect(spent(1_000_000)).toBe(1_000);
  expect(spent(1_000_500)).toBeGreaterThan(40);
  expect(spent(9_000_000)).toBe(1_000);
});
