import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { ArrowUp, Trash2 } from "lucide-react";
import { isFinal } from "../../model/deployment.ts";
import { api, type ProjectView } from "./api.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { DeploymentList } from "./deployment-list.tsx";
import { ErrorNote } from "./error-note.tsx";
import { Explain } from "./explain.tsx";
import { shortSource } from "./format.ts";
import { notify } from "./notices.tsx";
import { ProductionCard } from "./production-card.tsx";
import { Protection } from "./protection.tsx";
import { SettingsForm } from "./settings-form.tsx";
import { useActions } from "./use-actions.ts";
import { useTitle } from "./use-title.ts";
import { Variables } from "./variables.tsx";

export function ProjectPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  useTitle(name);
  const project = useQuery({
    queryKey: ["project", name],
    queryFn: () => api.project(name),
    refetchInterval: ({ state }) => (state.data?.latest && !isFinal(state.data.latest.status) ? 2_000 : 15_000),
  });
  if (project.data) return <Loaded key={name} project={project.data} />;
  if (project.error) {
    return (
      <div className="mt-10">
        <ErrorNote error={project.error} onRetry={() => project.refetch()} />
      </div>
    );
  }
  return (
    <div role="status" aria-label="Loading" className="mt-8 grid gap-6">
      <div className="skeleton h-16" />
      <div className="skeleton h-36" />
      <div className="skeleton h-64" />
    </div>
  );
}

function Loaded({ project }: { project: ProjectView }) {
  const actions = useActions(project.name);
  const { repository } = project;
  return (
    <div className="grid grid-cols-1 gap-8 pt-8">
      <div className="grid grid-cols-1 gap-4">
        <nav aria-label="Breadcrumb" className="text-sm text-soft">
          <Link to="/projects" className="hover:text-ink hover:underline">
            Projects
          </Link>
        </nav>
        <div className="flex flex-wrap items-end justify-between gap-4">
          <div className="min-w-0">
            <h1 className="title break-words">{project.name}</h1>
            {repository && <p className="mt-1 text-sm break-all text-soft">{shortSource(repository)}</p>}
          </div>
          {repository && (
            <button
              type="button"
              className="button button-main"
              disabled={actions.isBusy}
              onClick={() => actions.deploy.mutate({ source: repository })}
            >
              <ArrowUp size={16} aria-hidden /> Deploy the newest
            </button>
          )}
        </div>
        {actions.error && <ErrorNote error={actions.error} />}
      </div>
      <ProductionCard project={project} actions={actions} />
      <DeploymentList project={project.name} actions={actions} />
      <SettingsForm project={project} />
      <Variables project={project.name} />
      <Protection project={project.name} />
      <Explain start={project.url} />
      <RemoveProject name={project.name} />
    </div>
  );
}

function RemoveProject({ name }: { name: string }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.removeProject(name),
    async onSuccess() {
      await navigate({ to: "/projects" });
      await queries.invalidateQueries({ queryKey: ["projects"] });
      notify(`${name} is removed.`);
    },
  });
  return (
    <section aria-labelledby="remove" className="border-t border-line pt-6">
      <div className="flex flex-wrap items-center justify-between gap-4">
        <div>
          <h2 id="remove" className="heading">
            Remove the project
          </h2>
          <p className="mt-0.5 text-sm text-soft">All its deployments go offline at once.</p>
        </div>
        <ConfirmButton
          className="button button-bad"
          title={`Remove ${name}?`}
          text="Its sites go offline at once. This can't be undone."
          action="Remove"
          isDestructive
          disabled={remove.isPending}
          onConfirm={() => remove.mutate()}
        >
          <Trash2 size={15} aria-hidden /> Remove project
        </ConfirmButton>
      </div>
      {remove.error && (
        <div className="mt-4">
          <ErrorNote error={remove.error} />
        </div>
      )}
    </section>
  );
}
