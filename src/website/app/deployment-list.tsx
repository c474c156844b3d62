import { Link } from "@tanstack/react-router";
import type { Deployment } from "../../model/deployment.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { formatAge, formatMs } from "./format.ts";
import { StatusBadge } from "./status-badge.tsx";

interface Props {
  deployments: readonly Deployment[];
  liveId: string | undefined;
  onPromote(id: string): void;
}

export function DeploymentList({ deployments, liveId, onPromote }: Props) {
  if (deployments.length === 0) return <p className="text-soft">No deployment yet.</p>;
  return (
    <ul className="card divide-y divide-line overflow-hidden">
      {deployments.map((deployment) => (
        <li key={deployment.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3">
          <span className="w-28">
            <StatusBadge status={deployment.status} />
          </span>
          <div className="min-w-0 flex-1 basis-48">
            <Link
              to="/deployments/$id"
              params={{ id: deployment.id }}
              className="block truncate font-medium hover:text-accent"
            >
              {labelOf(deployment)}
            </Link>
            <span className="text-sm text-soft">
              {formatAge(deployment.createdAt)}
              {deployment.timings.totalMs !== undefined && `, took ${formatMs(deployment.timings.totalMs)}`}
            </span>
          </div>
          {deployment.id === liveId ? (
            <span className="rounded-full bg-accent px-2.5 py-0.5 text-xs font-semibold text-on-accent">
              Production
            </span>
          ) : (
            deployment.status === "ready" && (
              <ConfirmButton
                title="Promote this deployment?"
                text="Production shows it at once. Nothing is built again."
                action="Promote"
                onConfirm={() => onPromote(deployment.id)}
              >
                Promote
              </ConfirmButton>
            )
          )}
        </li>
      ))}
    </ul>
  );
}

function labelOf({ source, id }: Deployment): string {
  if (source.kind === "folder") return id;
  return [source.branch, source.commit?.slice(0, 7)].filter(Boolean).join(" ") || id;
}
