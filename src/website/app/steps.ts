import { type Deployment, isFinal, LOG_STEPS, type LogStep, type Timings } from "../../model/deployment.ts";

export type StepState = "done" | "running" | "stopped" | "waiting" | "skipped" | "unreached";

export interface Step {
  name: LogStep;
  state: StepState;
  /** Absent while it has not ended. */
  ms: number | undefined;
}

const keyOf = (step: LogStep) => `${step}Ms` as keyof Timings;

/**
 * How far a deployment has got, told from its state and the steps that have a time. Pure.
 * @param lastStep the step that the last line of the log belongs to: where an ended deployment stopped
 */
export function stepsOf({ status, timings }: Deployment, lastStep?: LogStep): Step[] {
  const isDone = (step: LogStep) => timings[keyOf(step)] > 0;
  const afterLastDone = LOG_STEPS.findLastIndex(isDone) + 1;
  const current = (): number => {
    if (status === "pending" || status === "uploading") return isDone("clone") ? 1 : 0;
    if (status === "queued") return 2;
    if (status === "building") return isDone("queue") ? (isDone("install") ? 4 : 3) : 2;
    if (status === "publishing") return 5;
    return Math.max(afterLastDone, lastStep === undefined ? 0 : LOG_STEPS.indexOf(lastStep));
  };
  const at = status === "ready" ? LOG_STEPS.length : current();
  const behind = isFinal(status) ? "unreached" : "waiting";
  return LOG_STEPS.map((name, index) => {
    const ms = timings[keyOf(name)] || undefined;
    if (ms !== undefined) return { name, ms, state: "done" };
    if (index === at) return { name, ms, state: isFinal(status) ? "stopped" : "running" };
    return { name, ms, state: index < at ? "skipped" : behind };
  });
}

/** When the running step began, in milliseconds since the epoch: the steps before it have their times. */
export function runningSince({ createdAt, timings }: Deployment): number {
  const spent = LOG_STEPS.reduce((sum, step) => sum + timings[keyOf(step)], 0);
  return Date.parse(createdAt) + spent;
}
