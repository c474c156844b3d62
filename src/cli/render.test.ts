import { expect, test } from "bun:test";
import { renderDeployment } from "./inspect.ts";
import { createLiveReporter } from "./live-report.ts";
import type { Output } from "./output.ts";
import { renderAge, renderBytes, renderDuration, renderOutcome, renderTable } from "./render.ts";
import { createReporter } from "./report.ts";
import { aDeployment, aLine } from "./test-support.ts";

function capture(interactive: boolean): { output: Output; text: () => string } {
  let text = "";
  const write = (more: string): void => {
    text += more;
  };
  const output: Output = {
    json: false,
    interactive,
    color: false,
    print: (line) => write(`${line}\n`),
    document() {},
    write,
    columns: () => 80,
  };
  return { output, text: () => text };
}

test("durations, sizes and ages", () => {
  expect([0, 999, 1000, 59_949, 59_950, 125_000].map(renderDuration)).toEqual([
    "0 ms",
    "999 ms",
    "1.0 s",
    "59.9 s",
    "1 min 0 s",
    "2 min 5 s",
  ]);
  expect([0, 999, 1000, 99_499, 123_456, 999_499, 999_500].map(renderBytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "99.5 kB",
    "123 kB",
    "999 kB",
    "1.0 MB",
  ]);
  const now = Date.parse("2026-01-10T00:00:00Z");
  expect(renderAge("2026-01-09T23:59:30Z", now)).toBe("just now");
  expect(renderAge("2026-01-09T21:00:00Z", now)).toBe("3 h");
  expect(renderAge("2026-01-01T00:00:00Z", now)).toBe("9 d");
});

test("columns line up, wide letters too", () => {
  expect(
    renderTable([
      ["a", "b"],
      ["日本", "c"],
    ]),
  ).toBe("a     b\n日本  c");
});

test("the outcome names URLs when it is ready, and reason and hint when not", () => {
  const ready = renderOutcome(aDeployment(), false);
  expect(ready).toContain("Ready in 4.3 s: 12 files, 346 kB, 901 B of it new");
  expect(ready).toContain("  http://blog.localhost:3000\n");
  expect(renderOutcome(aDeployment({ files: 1 }), false)).toContain(": 1 file, ");
  const error = {
    code: "build_failed",
    message: "It ended with 1.\u001b[2J",
    hint: "Look above.\nFrom its log:",
  } as const;
  const failed = renderOutcome(aDeployment({ status: "failed", error }), false);
  expect(failed).toBe("✗ Failed in 4.3 s: It ended with 1. (build_failed)\n  Look above.\n  From its log:");
  expect(renderOutcome(aDeployment({ status: "building" }), false)).toBeUndefined();
});

test("inspect says where a setting came from, and nothing in it reaches the terminal raw", () => {
  const text = renderDeployment(aDeployment({ project: "a\u001b]0;x\u0007b", warnings: ["w\u001b[2J"] }), false);
  expect(text).toMatch(/build_command +vite build +from detected/);
  expect(text).not.toContain("\u001b");
});

test("plain lines without a terminal", () => {
  const { output, text } = capture(false);
  const reporter = createReporter(output);
  const building = aDeployment({ status: "building" });
  reporter.deployment(building);
  reporter.deployment(building);
  reporter.line(aLine(1, { text: "\u001b[31mhi\u001b[2J" }));
  reporter.deployment(aDeployment({ id: building.id }));
  expect(text().split("\n").slice(0, 3)).toEqual([
    `blog ${building.id} https://git.example/me/blog.git (main @ 0123456)`,
    "build   | hi",
    "✓ Ready in 4.3 s: 12 files, 346 kB, 901 B of it new",
  ]);
});

test("the live display marks each step with its time and leaves no status line behind", () => {
  const { output, text } = capture(true);
  const reporter = createLiveReporter(output, () => 0);
  const building = aDeployment({ status: "building" });
  reporter.deployment(building);
  reporter.line(aLine(1, { step: "install" }));
  reporter.line(aLine(3, { step: "build" }));
  reporter.deployment(aDeployment({ id: building.id, finishedAt: aLine(7).at }));
  reporter.close();
  const shown = text()
    .split("\n")
    .map((line) => line.slice(line.lastIndexOf("\u001b[2K") + 1).replace(/^\[2K/, ""));
  expect(shown).toContain("✓ Installed 2.0 s");
  expect(shown).toContain("✓ Built 4.0 s");
  expect(shown.at(-1)).toBe("");
  expect(text()).toContain("Installing 0 ms");
});
