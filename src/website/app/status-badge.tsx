import type { Status } from "../../model/deployment.ts";

const WAITING = "text-warn bg-warn-soft";
const OVER = "text-soft bg-sunk";

const LOOK: Record<Status, { text: string; tone: string; isMoving?: true }> = {
  pending: { text: "Waiting", tone: WAITING, isMoving: true },
  uploading: { text: "Uploading", tone: WAITING, isMoving: true },
  queued: { text: "Queued", tone: WAITING, isMoving: true },
  building: { text: "Building", tone: WAITING, isMoving: true },
  publishing: { text: "Publishing", tone: WAITING, isMoving: true },
  ready: { text: "Ready", tone: "text-good bg-good-soft" },
  failed: { text: "Failed", tone: "text-bad bg-bad-soft" },
  canceled: { text: "Canceled", tone: OVER },
  superseded: { text: "Superseded", tone: OVER },
};

export function StatusBadge({ status }: { status: Status }) {
  const { text, tone, isMoving } = LOOK[status];
  return (
    <span className={`inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 text-xs font-semibold ${tone}`}>
      <span className={`size-1.5 rounded-full bg-current ${isMoving ? "motion-safe:animate-pulse" : ""}`} aria-hidden />
      {text}
    </span>
  );
}

export function ProductionBadge() {
  return (
    <span className="inline-flex h-6 items-center rounded-full bg-accent px-2.5 text-xs font-semibold text-on-accent">
      Production
    </span>
  );
}
