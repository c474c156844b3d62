import { expect, test } from "bun:test";
import { inParallel, Pacer } from "./concurrency.ts";

test("what is under way weighs no more than the bound; what is heavier goes alone, and nothing waits for ever", async () => {
  const pacer = new Pacer<number>(10, (weight) => weight);
  const weights = [3, 3, 3, 3, 25, 1, 9, 1, 10, 10, 0, 4];
  const running: number[] = [];
  const seen: number[] = [];
  await inParallel(pacer.pace(weights), 100, async (weight) => {
    running.push(weight);
    seen.push(weight);
    const sum = running.reduce((total, one) => total + one, 0);
    expect(sum <= 10 || running.length === 1).toBe(true);
    await Bun.sleep(1);
    running.splice(running.indexOf(weight), 1);
    pacer.giveBack(weight);
  });
  expect(seen).toEqual(weights);
});
