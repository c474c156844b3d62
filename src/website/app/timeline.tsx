import { Check, Minus, X } from "lucide-react";
import { type Deployment, isFinal, type LogStep } from "../../model/deployment.ts";
import { formatMs } from "./format.ts";
import { runningSince, type Step, type StepState, stepsOf } from "./steps.ts";
import { useNow } from "./use-now.ts";

const LABELS: Record<LogStep, string> = {
  clone: "Clone",
  upload: "Upload",
  queue: "Queue",
  install: "Install",
  build: "Build",
  publish: "Publish",
};

const WORDS: Record<StepState, string> = {
  done: "done",
  running: "running",
  stopped: "stopped here",
  waiting: "to come",
  skipped: "not needed",
  unreached: "not reached",
};

/** The steps of a deployment along one line, with their times; the running one counts. */
export function Timeline({ deployment, lastStep }: { deployment: Deployment; lastStep: LogStep | undefined }) {
  const isRunning = !isFinal(deployment.status);
  const now = useNow({ everyMs: 100, isRunning });
  const elapsedMs = Math.max(0, now - runningSince(deployment));
  const steps = stepsOf(deployment, lastStep);
  const totalMs =
    deployment.timings.totalMs || (isRunning ? Math.max(0, now - Date.parse(deployment.createdAt)) : undefined);
  return (
    <div className="card relative overflow-hidden px-5 py-5 sm:px-6">
      {isRunning && <div className="hauling absolute inset-x-0 top-0 h-0.5" aria-hidden />}
      <ol aria-label="Steps" className="grid gap-y-3 sm:grid-cols-6">
        {steps.map((step) => (
          <StepItem key={step.name} step={step} elapsedMs={elapsedMs} />
        ))}
      </ol>
      {totalMs !== undefined && (
        <p className="mt-4 border-t border-line pt-3 text-sm text-soft">
          In all <span className="font-semibold text-ink tabular-nums">{formatMs(totalMs)}</span>
        </p>
      )}
    </div>
  );
}

function StepItem({ step: { name, state, ms }, elapsedMs }: { step: Step; elapsedMs: number }) {
  const isBehind = state === "done" || state === "skipped";
  return (
    <li
      className="group relative flex items-center gap-3 sm:block"
      aria-current={state === "running" ? "step" : undefined}
    >
      <span
        className={`absolute top-6 left-[11px] h-3 w-0.5 group-last:hidden sm:top-[11px] sm:left-6 sm:h-0.5 sm:w-[calc(100%-1.5rem)] ${isBehind ? "bg-accent" : "bg-line"}`}
        aria-hidden
      />
      <Knot state={state} />
      <span
        className={`text-sm font-semibold sm:mt-2 sm:block ${state === "waiting" || state === "unreached" ? "text-soft" : ""}`}
      >
        {LABELS[name]}
      </span>
      <span className={`text-sm tabular-nums max-sm:ml-auto sm:block ${TONES[state]}`}>
        {state === "running" ? formatMs(elapsedMs) : ms === undefined ? WORDS[state] : formatMs(ms)}
      </span>
    </li>
  );
}

const TONES: Record<StepState, string> = {
  done: "text-soft",
  running: "text-warn",
  stopped: "text-bad",
  waiting: "text-soft",
  skipped: "text-soft",
  unreached: "text-soft",
};

const KNOTS: Record<StepState, string> = {
  done: "bg-accent text-on-accent",
  running: "bg-card border-2 border-warn",
  stopped: "bg-bad text-card",
  waiting: "bg-card border-2 border-line",
  skipped: "bg-card border-2 border-accent text-accent",
  unreached: "bg-card border-2 border-line",
};

function Knot({ state }: { state: StepState }) {
  const look = { size: 14, strokeWidth: 3, "aria-hidden": true } as const;
  return (
    <span className={`relative grid size-6 shrink-0 place-items-center rounded-full ${KNOTS[state]}`}>
      {state === "done" && <Check {...look} />}
      {state === "stopped" && <X {...look} />}
      {state === "skipped" && <Minus {...look} />}
      {state === "running" && <span className="size-2 rounded-full bg-warn motion-safe:animate-ping" aria-hidden />}
    </span>
  );
}
