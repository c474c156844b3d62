import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { ExternalLink, RotateCcw } from "lucide-react";
import type { Deployment } from "../../model/deployment.ts";
import { api, type ProjectView } from "./api.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { DeploymentList } from "./deployment-list.tsx";
import { ErrorNote } from "./error-note.tsx";
import { formatAge, hostOf, shortSource } from "./format.ts";
import { SettingsForm } from "./settings-form.tsx";

export function ProjectPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const queries = useQueryClient();
  const navigate = useNavigate();
  const project = useQuery({ queryKey: ["project", name], queryFn: () => api.project(name), refetchInterval: 5_000 });
  const deployments = useQuery({
    queryKey: ["deployments", name],
    queryFn: () => api.deployments(name),
    refetchInterval: 3_000,
  });
  const refresh = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ["project", name] }),
      queries.invalidateQueries({ queryKey: ["deployments", name] }),
    ]);
  const promote = useMutation({ mutationFn: api.promote, onSettled: refresh });
  const rollback = useMutation({ mutationFn: () => api.rollback(name), onSettled: refresh });
  const redeploy = useMutation({
    mutationFn: (source: string) => api.deploy({ source, project: name }),
    onSuccess: ({ id }) => navigate({ to: "/deployments/$id", params: { id } }),
  });
  const remove = useMutation({
    mutationFn: () => api.removeProject(name),
    onSuccess: () => navigate({ to: "/projects" }),
  });
  const failure = promote.error ?? rollback.error ?? redeploy.error ?? remove.error;
  if (project.error) return <ErrorNote error={project.error} />;
  if (project.isPending) return <div className="skeleton h-48" role="status" aria-label="Loading" />;
  const list = deployments.data?.deployments ?? [];
  const live = list.find(({ id }) => id === project.data.production?.deployment);
  const canRollBack =
    list.filter(({ status, production }) => status === "ready" && production).length > 1 || live?.production === false;
  return (
    <div className="grid gap-8">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold tracking-tight break-words">{name}</h1>
          <p className="truncate text-sm text-soft">
            {project.data.repository && shortSource(project.data.repository)}
          </p>
        </div>
        {project.data.repository && (
          <button
            type="button"
            className="button"
            disabled={redeploy.isPending}
            onClick={() => redeploy.mutate(project.data.repository!)}
          >
            Deploy again
          </button>
        )}
      </div>
      {failure && <ErrorNote error={failure} />}
      <Production project={project.data} live={live}>
        {canRollBack && (
          <ConfirmButton
            title={`Roll back ${name}?`}
            text="Production shows the deployment before this one at once. Nothing is built, and you can promote this one again."
            action="Roll back"
            onConfirm={() => rollback.mutate()}
          >
            <RotateCcw size={15} aria-hidden /> Roll back
          </ConfirmButton>
        )}
      </Production>
      <section aria-labelledby="deployments">
        <h2 id="deployments" className="mb-3 text-lg font-semibold tracking-tight">
          Deployments
        </h2>
        <DeploymentList
          deployments={list}
          liveId={project.data.production?.deployment}
          onPromote={(id) => promote.mutate(id)}
        />
      </section>
      <SettingsForm project={project.data} />
      <section aria-labelledby="danger" className="border-t border-line pt-6">
        <h2 id="danger" className="text-lg font-semibold tracking-tight">
          Remove
        </h2>
        <p className="mt-1 mb-4 text-sm text-soft">All deployments of this project go offline.</p>
        <ConfirmButton
          className="button text-bad"
          title={`Remove ${name}?`}
          text="Its sites go offline at once. This can't be undone."
          action="Remove"
          onConfirm={() => remove.mutate()}
        >
          Remove project
        </ConfirmButton>
      </section>
    </div>
  );
}

function Production({
  project,
  live,
  children,
}: {
  project: ProjectView;
  live: Deployment | undefined;
  children: React.ReactNode;
}) {
  return (
    <section aria-labelledby="production" className="card p-5">
      <h2 id="production" className="text-sm font-medium text-soft">
        Production
      </h2>
      {project.production ? (
        <div className="mt-1 flex flex-wrap items-center justify-between gap-4">
          <div className="min-w-0">
            <a
              href={project.url}
              className="flex items-center gap-2 text-xl font-semibold tracking-tight break-all hover:text-accent"
            >
              {hostOf(project.url)} <ExternalLink size={16} className="shrink-0" aria-hidden />
            </a>
            {live && (
              <p className="mt-1 text-sm text-soft">
                {live.source.kind === "git" && live.source.commit
                  ? `${live.source.branch ?? ""} ${live.source.commit.slice(0, 7)}, `
                  : ""}
                {formatAge(live.createdAt)}
              </p>
            )}
          </div>
          <div className="flex gap-3">{children}</div>
        </div>
      ) : (
        <p className="mt-1 text-soft">Nothing is in production yet.</p>
      )}
    </section>
  );
}
