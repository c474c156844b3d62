import { expect, test } from "bun:test";
import { type Deployment, NO_TIMINGS, type Status, type Timings } from "../../model/deployment.ts";
import { runningSince, stepsOf } from "./steps.ts";

const createdAt = "2030-01-01T00:00:00.000Z";
const deployment = (status: Status, timings: Partial<Timings>) =>
  ({ status, timings: { ...NO_TIMINGS, ...timings }, createdAt }) as Deployment;
const states = (...given: Parameters<typeof stepsOf>) => stepsOf(...given).map(({ state }) => state);

test("the running step follows the state", () => {
  expect(states(deployment("pending", {}))).toEqual(["running", ...Array(5).fill("waiting")]);
  expect(states(deployment("uploading", { cloneMs: 5 })).slice(0, 3)).toEqual(["done", "running", "waiting"]);
  const building = { cloneMs: 1, uploadMs: 1, queueMs: 1 };
  expect(states(deployment("building", building)).slice(3)).toEqual(["running", "waiting", "waiting"]);
  expect(states(deployment("building", { ...building, installMs: 1 })).slice(3)).toEqual([
    "done",
    "running",
    "waiting",
  ]);
});

test("a site without a build skips what it does not need", () => {
  const timings = { cloneMs: 1, uploadMs: 1, queueMs: 1 };
  expect(states(deployment("publishing", timings)).slice(3)).toEqual(["skipped", "skipped", "running"]);
  expect(states(deployment("ready", { ...timings, publishMs: 3 })).slice(3)).toEqual(["skipped", "skipped", "done"]);
});

test("a deployment that failed stopped where its log ends", () => {
  const timings = { cloneMs: 1, uploadMs: 1, queueMs: 1 };
  expect(states(deployment("failed", timings), "build").slice(3)).toEqual(["skipped", "stopped", "unreached"]);
  expect(states(deployment("canceled", { cloneMs: 1 }), "clone").slice(0, 3)).toEqual(["done", "stopped", "unreached"]);
  expect(states(deployment("failed", {}))[0]).toBe("stopped");
});

test("the running step began when the ones before it had ended", () => {
  const began = runningSince(deployment("building", { cloneMs: 1_000, uploadMs: 500 }));
  expect(new Date(began).toISOString()).toBe("2030-01-01T00:00:01.500Z");
});
