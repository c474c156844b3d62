import { expect, test } from "bun:test";
import { connectionRoom } from "./connection-room.ts";

test.each([
  ["Max open files            1024                 524288               files     ", 768],
  ["Max open files            1048576              1048576              files     ", 32_768],
  ["Max open files            unlimited            unlimited            files     ", 32_768],
  ["", 32_768],
])("%p leaves room for %p", (limits, expected) => {
  expect(connectionRoom(`Limit  Soft Limit  Hard Limit  Units\n${limits}\n`)).toBe(expected);
});

test("this process has room", () => {
  expect(connectionRoom()).toBeGreaterThan(100);
});
