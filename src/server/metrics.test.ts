import { expect, test } from "bun:test";
import type { JobKind, JobQueue } from "../queue/job-queue.ts";
import { BOUNDS_SECONDS, type ClassDurations } from "../serve/durations.ts";
import { Metrics } from "./metrics.ts";

const durations = (fast: number, all: number): ClassDurations[] => [
  { class: "2xx", counts: [fast, ...BOUNDS_SECONDS.map(() => all)], sumSeconds: 1.5 },
];
const linesOf = async (metrics: Metrics) =>
  (await (await metrics.response()).text()).split("\n").filter((line) => line.includes("berth_request_duration"));

test("durations are a histogram as Prometheus reads it", async () => {
  const metrics = new Metrics();
  metrics.watchDurations(() => durations(2, 3));
  const lines = await linesOf(metrics);
  expect(lines.slice(1, 4)).toEqual([
    "# TYPE berth_request_duration_seconds histogram",
    'berth_request_duration_seconds_bucket{class="2xx",le="0.001"} 2',
    'berth_request_duration_seconds_bucket{class="2xx",le="0.005"} 3',
  ]);
  expect(lines.slice(-3)).toEqual([
    'berth_request_duration_seconds_bucket{class="2xx",le="+Inf"} 3',
    'berth_request_duration_seconds_sum{class="2xx"} 1.5',
    'berth_request_duration_seconds_count{class="2xx"} 3',
  ]);
});

test("a queue that does not answer, or fails, keeps no other number back", async () => {
  const metrics = new Metrics();
  const depth = (kind: JobKind) => {
    if (kind === "upload") return new Promise<number>(() => {});
    return kind === "plan" ? Promise.reject(new Error("gone")) : Promise.resolve(3);
  };
  metrics.watchQueue({ depth } as unknown as JobQueue);
  const text = await (await metrics.response()).text();
  expect(text).toContain("berth_faults_total 0");
  const known = [...text.matchAll(/^berth_queue_depth\{kind="(\w+)"\} 3$/gm)].map(([, kind]) => kind);
  expect([known, text.match(/^berth_queue_depth\{/gm)?.length]).toEqual([["build", "compress"], 2]);
});

test("what is named a counter is one", async () => {
  const text = await (await new Metrics().response()).text();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
  expect(types.length).toBeGreaterThan(10);
  expect(types.filter(([name, type]) => name!.endsWith("_total") !== (type === "counter"))).toEqual([]);
});

test("those of other processes are added", async () => {
  const worker = new Metrics();
  worker.watchDurations(() => durations(2, 3));
  const metrics = new Metrics();
  metrics.watchWorkers({
    health: () => ({ ready: 2, wanted: 2 }),
    metrics: async () => JSON.parse(JSON.stringify([await worker.series(), await worker.series()])),
  });
  const lines = await linesOf(metrics);
  expect(lines).toContain('berth_request_duration_seconds_bucket{class="2xx",le="0.001"} 4');
  expect(lines).toContain('berth_request_duration_seconds_count{class="2xx"} 6');
});
