import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type Deployment, isFinal } from "../../model/deployment.ts";
import { Addresses } from "./addresses.tsx";
import { api } from "./api.ts";
import { DeploymentHeading } from "./deployment-heading.tsx";
import { ErrorNote } from "./error-note.tsx";
import { Facts } from "./facts.tsx";
import { FilesTable } from "./files-table.tsx";
import { LogView } from "./log-view.tsx";
import { Timeline } from "./timeline.tsx";
import { useDeploymentStream } from "./use-deployment.ts";
import { useTitle } from "./use-title.ts";

export function DeploymentPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const deployment = useQuery({ queryKey: ["deployment", id], queryFn: () => api.deployment(id) });
  useTitle(deployment.data ? `${deployment.data.project}, ${deployment.data.status}` : "Deployment");
  if (deployment.data) return <Loaded key={id} deployment={deployment.data} />;
  if (deployment.error) {
    return (
      <div className="mt-10">
        <ErrorNote error={deployment.error} onRetry={() => deployment.refetch()} />
      </div>
    );
  }
  return (
    <div role="status" aria-label="Loading" className="mt-8 grid gap-6">
      <div className="skeleton h-20" />
      <div className="skeleton h-28" />
      <div className="skeleton h-96" />
    </div>
  );
}

function Loaded({ deployment }: { deployment: Deployment }) {
  const stream = useDeploymentStream(deployment.id);
  return (
    <div className="grid grid-cols-1 gap-6 pt-8">
      <DeploymentHeading deployment={deployment} />
      {deployment.status === "ready" && <Addresses deployment={deployment} />}
      {deployment.error && <ErrorNote error={deployment.error} />}
      <Timeline deployment={deployment} lastStep={stream.lines.at(-1)?.step} />
      {deployment.warnings.length > 0 && (
        <ul aria-label="Warnings" className="grid gap-1 rounded-xl bg-warn-soft px-5 py-3 text-sm text-warn">
          {deployment.warnings.map((warning) => (
            <li key={warning} className="break-words">
              {warning}
            </li>
          ))}
        </ul>
      )}
      <LogView stream={stream} />
      {isFinal(deployment.status) && <Facts deployment={deployment} />}
      {deployment.status === "ready" && <FilesTable deployment={deployment} />}
    </div>
  );
}
