import { Check, Circle, LoaderCircle, Minus, X } from "lucide-react";
import type { Deployment, Status, Timings } from "../../model/deployment.ts";
import { formatMs } from "./format.ts";

const STEPS: { key: keyof Timings; label: string; during: Status[] }[] = [
  { key: "cloneMs", label: "Clone", during: ["pending", "uploading"] },
  { key: "uploadMs", label: "Upload", during: ["uploading"] },
  { key: "queueMs", label: "Queue", during: ["queued"] },
  { key: "installMs", label: "Install", during: ["building"] },
  { key: "buildMs", label: "Build", during: ["building"] },
  { key: "publishMs", label: "Publish", during: ["publishing"] },
];

type State = "done" | "running" | "failed" | "waiting" | "skipped";

/** The steps of a deployment with their times. */
export function Timeline({ deployment }: { deployment: Deployment }) {
  return (
    <ol
      className="grid grid-cols-2 gap-px overflow-hidden rounded-xl border border-line bg-line sm:grid-cols-6"
      aria-label="Steps"
    >
      {STEPS.map(({ key, label }, index) => {
        const state = stateOf(deployment, index);
        const ms = deployment.timings[key];
        return (
          <li key={key} className="flex items-center gap-3 bg-card px-4 py-3">
            <Mark state={state} />
            <div>
              <p className="text-sm font-medium">{label}</p>
              <p className="text-xs text-soft tabular-nums">
                {state === "done" && ms !== undefined ? formatMs(ms) : WORDS[state]}
              </p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}

const WORDS: Record<State, string> = {
  done: "done",
  running: "running",
  failed: "stopped here",
  waiting: "to come",
  skipped: "not needed",
};

function stateOf({ status, timings }: Deployment, index: number): State {
  const { key, during } = STEPS[index]!;
  if (timings[key] !== undefined) return "done";
  if (status === "ready") return "skipped";
  const isFirstOpen = STEPS.slice(0, index).every((step) => timings[step.key] !== undefined);
  if (["failed", "canceled", "superseded"].includes(status)) return isFirstOpen ? "failed" : "waiting";
  return isFirstOpen && during.includes(status) ? "running" : "waiting";
}

function Mark({ state }: { state: State }) {
  const look = { size: 18, "aria-hidden": true, className: "shrink-0" } as const;
  if (state === "done") return <Check {...look} className="shrink-0 text-good" />;
  if (state === "running") return <LoaderCircle {...look} className="shrink-0 animate-spin text-warn" />;
  if (state === "failed") return <X {...look} className="shrink-0 text-bad" />;
  if (state === "skipped") return <Minus {...look} className="shrink-0 text-soft" />;
  return <Circle {...look} className="shrink-0 text-line" />;
}
