import { expect, test } from "bun:test";
import { faultIn } from "./command-runner.ts";

test("of a run's faults its user sees the platform's own words alone", async () => {
  const frame = "12 |   follow(JSON.parse(text))\n        ^\nSyntaxError: JSON Parse error\n      at /opt/x.ts:12:3\n";
  expect(faultIn(frame)).toBe("");
  expect(faultIn(`${frame}orders: JSON Parse error: Unterminated string\n`)).toBe(
    ": orders: JSON Parse error: Unterminated string",
  );
});
