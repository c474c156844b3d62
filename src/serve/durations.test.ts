import { expect, test } from "bun:test";
import { Counts } from "./counts.ts";
import { BOUNDS_SECONDS, Durations } from "./durations.ts";

test("what waited stands in the bucket of its time, everything else in the first one", () => {
  const counts = new Counts();
  const durations = new Durations(counts);
  for (const status of [200, 200, 206, 304, 404, 503]) counts.status(status);
  durations.waited(206, 7);
  durations.waited(404, 10);
  durations.waited(503, 60_000);
  const classes = Object.fromEntries(durations.read().map((each) => [each.class, each]));
  const at = (name: string, bound: number) => classes[name]!.counts[BOUNDS_SECONDS.indexOf(bound)];
  expect([at("2xx", 0.001), at("2xx", 0.005), at("2xx", 0.01), classes["2xx"]!.counts.at(-1)]).toEqual([2, 2, 3, 3]);
  expect([at("3xx", 0.001), classes["3xx"]!.counts.at(-1)]).toEqual([1, 1]);
  expect([at("4xx", 0.005), at("4xx", 0.01), classes["4xx"]!.sumSeconds]).toEqual([0, 1, 0.01]);
  expect([at("5xx", 10), classes["5xx"]!.counts.at(-1), classes["5xx"]!.sumSeconds]).toEqual([0, 1, 60]);
});
