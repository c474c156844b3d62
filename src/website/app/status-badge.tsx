import type { Status } from "../../model/deployment.ts";

const LOOK: Record<Status, { text: string; tone: string; isMoving?: true }> = {
  pending: { text: "Waiting", tone: "text-warn", isMoving: true },
  uploading: { text: "Uploading", tone: "text-warn", isMoving: true },
  queued: { text: "Queued", tone: "text-warn", isMoving: true },
  building: { text: "Building", tone: "text-warn", isMoving: true },
  publishing: { text: "Publishing", tone: "text-warn", isMoving: true },
  ready: { text: "Ready", tone: "text-good" },
  failed: { text: "Failed", tone: "text-bad" },
  canceled: { text: "Canceled", tone: "text-soft" },
  superseded: { text: "Superseded", tone: "text-soft" },
};

export function StatusBadge({ status }: { status: Status }) {
  const { text, tone, isMoving } = LOOK[status];
  return (
    <span className={`inline-flex items-center gap-1.5 text-sm font-medium ${tone}`}>
      <span className={`size-2 rounded-full bg-current ${isMoving ? "animate-pulse" : ""}`} aria-hidden />
      {text}
    </span>
  );
}
