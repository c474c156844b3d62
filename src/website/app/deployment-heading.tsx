import { Link } from "@tanstack/react-router";
import { CircleStop, Trash2 } from "lucide-react";
import { type Deployment, isFinal, isInProduction, type Status } from "../../model/deployment.ts";
import { Ago } from "./ago.tsx";
import { ConfirmButton } from "./confirm-button.tsx";
import { ErrorNote } from "./error-note.tsx";
import { sourceText, versionText } from "./format.ts";
import { PromoteButton, RedeployButton } from "./promote-button.tsx";
import { ProductionBadge, StatusBadge } from "./status-badge.tsx";
import { type Actions, useActions } from "./use-actions.ts";

const HEADLINES: Record<Status, string> = {
  pending: "Waiting in line",
  uploading: "Fetching the repository",
  queued: "Waiting for a builder",
  building: "Building the site",
  publishing: "Publishing",
  ready: "The site is live",
  failed: "The deployment failed",
  canceled: "The deployment was canceled",
  superseded: "A newer deployment took over",
};

export function DeploymentHeading({ deployment }: { deployment: Deployment }) {
  const actions = useActions(deployment.project);
  return (
    <div className="grid grid-cols-1 gap-4">
      <nav aria-label="Breadcrumb" className="text-sm break-words text-soft">
        <Link to="/projects" className="hover:text-ink hover:underline">
          Projects
        </Link>
        <span aria-hidden> / </span>
        <Link
          to="/projects/$name"
          params={{ name: deployment.project }}
          className="font-semibold text-ink hover:underline"
        >
          {deployment.project}
        </Link>
      </nav>
      <div className="flex flex-wrap items-end justify-between gap-4">
        <div className="min-w-0">
          <h1 className="title flex flex-wrap items-center gap-x-4 gap-y-2">
            {HEADLINES[deployment.status]}
            <span role="status" className="flex gap-2 tracking-normal">
              <StatusBadge status={deployment.status} />
              {isInProduction(deployment) && <ProductionBadge />}
            </span>
          </h1>
          <p className="mt-2 text-sm break-words text-soft">
            <span className="font-mono text-ink">{versionText(deployment)}</span> from{" "}
            <span className="break-all">{sourceText(deployment)}</span>, <Ago at={deployment.createdAt} />
          </p>
        </div>
        <div className="flex flex-wrap gap-2.5">
          <Buttons deployment={deployment} actions={actions} />
        </div>
      </div>
      {actions.error && <ErrorNote error={actions.error} />}
    </div>
  );
}

function Buttons({ deployment, actions }: { deployment: Deployment; actions: Actions }) {
  if (!isFinal(deployment.status)) {
    return (
      <button
        type="button"
        className="button"
        disabled={actions.isBusy}
        onClick={() => actions.cancel.mutate(deployment.id)}
      >
        <CircleStop size={15} aria-hidden /> Cancel
      </button>
    );
  }
  const isLive = isInProduction(deployment);
  return (
    <>
      {deployment.status === "ready" && !isLive && <PromoteButton deployment={deployment} actions={actions} />}
      <RedeployButton deployment={deployment} actions={actions} />
      {!isLive && (
        <ConfirmButton
          className="button button-bad"
          title="Delete this deployment?"
          text="Its addresses stop working. This can't be undone."
          action="Delete"
          isDestructive
          disabled={actions.isBusy}
          onConfirm={() => actions.remove.mutate(deployment.id)}
        >
          <Trash2 size={15} aria-hidden /> Delete
        </ConfirmButton>
      )}
    </>
  );
}
