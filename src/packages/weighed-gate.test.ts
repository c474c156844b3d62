import { expect, test } from "bun:test";
import fc from "fast-check";
import { WeighedGate } from "./weighed-gate.ts";

test("what is inside never weighs more than the bound, all get in, in order, and a failure leaves", async () => {
  const load = fc.array(fc.record({ weight: fc.nat(30), fails: fc.boolean() }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(load, async (works) => {
      const gate = new WeighedGate(20, 5);
      const order: number[] = [];
      let [inside, most] = [0, 0];
      const results = await Promise.allSettled(
        works.map(({ weight, fails }, index) =>
          gate.run(weight, async () => {
            const held = Math.min(20, Math.max(5, weight));
            order.push(index);
            inside += held;
            most = Math.max(most, inside);
            await Bun.sleep(0);
            inside -= held;
            if (fails) throw new Error("failed");
          }),
        ),
      );
      expect(results.map(({ status }) => status === "rejected")).toEqual(works.map(({ fails }) => fails));
      expect(order).toEqual(works.map((_, index) => index));
      expect(most).toBeLessThanOrEqual(20);
    }),
    { numRuns: 50 },
  );
});
