import { expect, test } from "bun:test";
import { isOverdue, type Standing } from "./overdue.ts";

const now = 1_000_000;
const standing = (over: Partial<Standing>, agoMs = 0): Standing => ({
  activeAt: now - agoMs,
  headSince: undefined,
  isBlocked: false,
  isEnding: false,
  isAnswering: false,
  hasEnded: false,
  awaitsContent: false,
  ...over,
});

test.each([
  ["idle for a while", standing({}, 59_000), false],
  ["idle for too long", standing({}, 61_000), true],
  ["a head that trickles", standing({ headSince: now - 31_000 }, 1), true],
  ["a head that has just begun on an old connection", standing({ headSince: now - 1_000 }, 1), false],
  ["a response that takes an hour", standing({ isAnswering: true }, 3_600_000), false],
  ["content that stopped", standing({ isAnswering: true, awaitsContent: true }, 61_000), true],
  ["content that trickles", standing({ isAnswering: true, awaitsContent: true }, 59_000), false],
  ["a response to who sends no more, and may be gone", standing({ isAnswering: true, hasEnded: true }, 16_000), true],
  ["a response to who sends no more, and waits", standing({ isAnswering: true, hasEnded: true }, 14_000), false],
  ["a reader that stopped", standing({ isAnswering: true, isBlocked: true }, 61_000), true],
  ["a slow reader", standing({ isAnswering: true, isBlocked: true }, 59_000), false],
  ["the last response is unread", standing({ isEnding: true, isBlocked: true }, 30_000), false],
  ["a client that does not close", standing({ isEnding: true, headSince: now - 40_000 }, 6_000), true],
  ["a client that is about to close", standing({ isEnding: true, headSince: now - 40_000 }, 4_000), false],
])("%s", (_, given, overdue) => {
  expect(isOverdue(given, now)).toBe(overdue);
});
