import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import { type Deployment, isFinal } from "../../model/deployment.ts";
import { api } from "./api.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { ErrorNote } from "./error-note.tsx";
import { FilesTable } from "./files-table.tsx";
import { formatAge, formatBytes, formatMs, hostOf, sourceText } from "./format.ts";
import { LogView } from "./log-view.tsx";
import { StatusBadge } from "./status-badge.tsx";
import { Timeline } from "./timeline.tsx";
import { useDeploymentStream } from "./use-deployment.ts";

export function DeploymentPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const deployment = useQuery({ queryKey: ["deployment", id], queryFn: () => api.deployment(id) });
  if (deployment.error) return <ErrorNote error={deployment.error} />;
  if (deployment.isPending) return <div className="skeleton h-64" role="status" aria-label="Loading" />;
  return <Loaded deployment={deployment.data} />;
}

function Loaded({ deployment }: { deployment: Deployment }) {
  const { lines, isLive } = useDeploymentStream(deployment.id);
  const isReady = deployment.status === "ready";
  return (
    <div className="grid grid-cols-1 gap-8">
      <Heading deployment={deployment} />
      <Timeline deployment={deployment} />
      {deployment.error && <ErrorNote error={deployment.error} />}
      {isReady && <Addresses deployment={deployment} />}
      {deployment.warnings.length > 0 && (
        <ul className="list-inside list-disc text-sm text-warn">
          {deployment.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <LogView lines={lines} isLive={isLive} />
      <Facts deployment={deployment} />
      {isReady && <FilesTable deployment={deployment} />}
    </div>
  );
}

function Heading({ deployment }: { deployment: Deployment }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const onSuccess = (changed: Deployment) => queries.setQueryData(["deployment", deployment.id], changed);
  const cancel = useMutation({ mutationFn: () => api.cancel(deployment.id), onSuccess });
  const promote = useMutation({ mutationFn: () => api.promote(deployment.id), onSuccess });
  const remove = useMutation({
    mutationFn: () => api.remove(deployment.id),
    onSuccess: () => navigate({ to: "/projects/$name", params: { name: deployment.project } }),
  });
  const failure = cancel.error ?? promote.error ?? remove.error;
  const isLive = deployment.aliases.some((alias) => new URL(alias).hostname.startsWith(`${deployment.project}.`));
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div className="min-w-0">
          <p className="text-sm text-soft">
            <Link to="/projects/$name" params={{ name: deployment.project }} className="hover:text-ink">
              {deployment.project}
            </Link>
          </p>
          <h1 className="mt-0.5 flex flex-wrap items-center gap-3 text-2xl font-semibold tracking-tight">
            Deployment
            <span role="status">
              <StatusBadge status={deployment.status} />
            </span>
          </h1>
          <p className="mt-1 text-sm break-all text-soft">
            {sourceText(deployment)}, {formatAge(deployment.createdAt)}
          </p>
        </div>
        <div className="flex flex-wrap gap-3">
          {!isFinal(deployment.status) && (
            <button type="button" className="button" onClick={() => cancel.mutate()} disabled={cancel.isPending}>
              Cancel
            </button>
          )}
          {deployment.status === "ready" && !isLive && (
            <ConfirmButton
              title="Promote this deployment?"
              text="Production shows it at once. Nothing is built again."
              action="Promote"
              onConfirm={() => promote.mutate()}
            >
              Promote
            </ConfirmButton>
          )}
          {isFinal(deployment.status) && !isLive && (
            <ConfirmButton
              className="button text-bad"
              title="Delete this deployment?"
              text="Its address stops working. This can't be undone."
              action="Delete"
              onConfirm={() => remove.mutate()}
            >
              Delete
            </ConfirmButton>
          )}
        </div>
      </div>
      {failure && <ErrorNote error={failure} />}
    </div>
  );
}

/** The first alias is the shortest way to the site; each of them is a link. */
function Addresses({ deployment }: { deployment: Deployment }) {
  const [first = deployment.url, ...others] = [...deployment.aliases, deployment.url];
  return (
    <section aria-label="Addresses" className="card border-accent/40 p-5">
      <a
        href={first}
        className="flex w-fit items-center gap-2 text-xl font-semibold tracking-tight break-all text-accent hover:underline sm:text-2xl"
      >
        {hostOf(first)} <ExternalLink size={18} className="shrink-0" aria-hidden />
      </a>
      <ul className="mt-2 grid gap-1 text-sm text-soft">
        {others.map((url) => (
          <li key={url}>
            <a href={url} className="break-all hover:text-ink hover:underline">
              {hostOf(url)}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ deployment }: { deployment: Deployment }) {
  const { source, timings } = deployment;
  const facts: [label: string, value: string | null | undefined][] = [
    ["Commit", source.kind === "git" ? source.commit?.slice(0, 12) : null],
    ["Branch", source.kind === "git" ? source.branch : null],
    ["Framework", deployment.framework],
    ["Package manager", deployment.packageManager],
    ["Node", deployment.node],
    ["Files", deployment.files > 0 ? `${deployment.files}, ${formatBytes(deployment.bytes)}` : null],
    ["New in the store", deployment.status === "ready" ? formatBytes(deployment.newBytes) : null],
    ["Whole time", timings.totalMs === undefined ? null : formatMs(timings.totalMs)],
  ];
  const resolved = Object.entries(deployment.resolved).filter(([, { value }]) => value !== null);
  return (
    <section aria-label="Details" className="grid gap-6 sm:grid-cols-2">
      <dl className="card grid grid-cols-[auto_1fr] content-start gap-x-6 gap-y-2 p-5 text-sm">
        {facts
          .filter(([, value]) => value)
          .map(([label, value]) => (
            <div key={label} className="contents">
              <dt className="text-soft">{label}</dt>
              <dd className="break-all">{value}</dd>
            </div>
          ))}
      </dl>
      {resolved.length > 0 && (
        <dl className="card grid content-start gap-3 p-5 text-sm">
          {resolved.map(([key, { value, from }]) => (
            <div key={key}>
              <dt className="text-soft">
                {key.replaceAll("_", " ")}, <span className="italic">{from}</span>
              </dt>
              <dd className="font-mono text-[13px] break-all">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
