import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Deployment, isFinal, isInProduction } from "../../model/deployment.ts";
import { Ago } from "./ago.tsx";
import { api } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";
import { formatMs, hostOf, versionText } from "./format.ts";
import { PromoteButton, RedeployButton } from "./promote-button.tsx";
import { ProductionBadge, StatusBadge } from "./status-badge.tsx";
import type { Actions } from "./use-actions.ts";

export function DeploymentList({ project, actions }: { project: string; actions: Actions }) {
  const list = useInfiniteQuery({
    queryKey: ["deployments", project],
    queryFn: ({ pageParam }) => api.deployments(project, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.deployments.some(({ status }) => !isFinal(status))) ? 2_000 : 15_000,
  });
  const deployments = list.data?.pages.flatMap((page) => page.deployments) ?? [];
  return (
    <section aria-labelledby="deployments">
      <h2 id="deployments" className="heading mb-3">
        Deployments
      </h2>
      {list.isPending && <div className="skeleton h-40" role="status" aria-label="Loading" />}
      {list.error && <ErrorNote error={list.error} onRetry={() => list.refetch()} />}
      {list.data && deployments.length === 0 && <p className="card p-6 text-soft">No deployment yet.</p>}
      {deployments.length > 0 && (
        <ul className="card divide-y divide-line">
          {deployments.map((deployment) => (
            <Row key={deployment.id} deployment={deployment} actions={actions} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <button
          type="button"
          className="button mt-3"
          disabled={list.isFetchingNextPage}
          onClick={() => list.fetchNextPage()}
        >
          Older deployments
        </button>
      )}
    </section>
  );
}

function Row({ deployment, actions }: { deployment: Deployment; actions: Actions }) {
  const isLive = isInProduction(deployment);
  const { totalMs } = deployment.timings;
  return (
    <li className="grid gap-x-5 gap-y-3 px-5 py-4 sm:grid-cols-[1fr_auto] sm:items-center">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <Link
            to="/deployments/$id"
            params={{ id: deployment.id }}
            className="min-w-0 truncate font-mono text-sm font-semibold hover:text-accent hover:underline"
          >
            {versionText(deployment)}
          </Link>
          <StatusBadge status={deployment.status} />
          {isLive && <ProductionBadge />}
        </p>
        <p className="mt-1 flex flex-wrap gap-x-1.5 text-sm text-soft">
          <span>
            <Ago at={deployment.createdAt} />
            {totalMs > 0 && `, took ${formatMs(totalMs)}`}
          </span>
          {deployment.status === "ready" && (
            <a
              href={deployment.url}
              target="_blank"
              rel="noreferrer"
              className="max-w-full truncate hover:text-ink hover:underline"
            >
              {hostOf(deployment.url)}
            </a>
          )}
          {deployment.error && <span className="line-clamp-1 w-full text-bad">{deployment.error.message}</span>}
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        {deployment.status === "ready" && !isLive && <PromoteButton deployment={deployment} actions={actions} />}
        {isFinal(deployment.status) && <RedeployButton deployment={deployment} actions={actions} />}
      </div>
    </li>
  );
}
