import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { isFinal } from "../../model/deployment.ts";
import { Ago } from "./ago.tsx";
import { api, type ProjectView } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";
import { hostOf, shortSource } from "./format.ts";
import { StatusBadge } from "./status-badge.tsx";

const isRunning = ({ latest }: ProjectView) => latest !== null && !isFinal(latest.status);

export function ProjectCards({ title }: { title?: string }) {
  const projects = useQuery({
    queryKey: ["projects"],
    queryFn: api.projects,
    refetchInterval: ({ state }) => (state.data?.some(isRunning) ? 2_000 : 15_000),
  });
  return (
    <section aria-labelledby={title && "projects"} aria-label={title ? undefined : "Projects"}>
      {title && (
        <h2 id="projects" className="heading mb-4">
          {title}
        </h2>
      )}
      {projects.data ? (
        <Cards projects={projects.data} />
      ) : projects.error ? (
        <ErrorNote error={projects.error} onRetry={() => projects.refetch()} />
      ) : (
        <div className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3" role="status" aria-label="Loading">
          {["one", "two", "three"].map((key) => (
            <div key={key} className="skeleton h-40" />
          ))}
        </div>
      )}
    </section>
  );
}

function Cards({ projects }: { projects: readonly ProjectView[] }) {
  if (projects.length === 0) {
    return (
      <div className="rounded-[0.875rem] border border-dashed border-soft/50 px-6 py-12 text-center">
        <p className="font-semibold">The quay is empty</p>
        <p className="mt-1 text-sm text-soft">The first deployment makes a project here.</p>
      </div>
    );
  }
  return (
    <ul className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
      {projects.map((project) => (
        <li key={project.name}>
          <ProjectCard project={project} />
        </li>
      ))}
    </ul>
  );
}

function ProjectCard({ project }: { project: ProjectView }) {
  return (
    <article className="card relative flex h-full flex-col p-5 transition-[border-color,translate] focus-within:border-accent hover:-translate-y-0.5 hover:border-accent">
      <div className="flex items-center justify-between gap-3">
        <h2 className="min-w-0 truncate text-lg font-bold tracking-tight">
          <Link to="/projects/$name" params={{ name: project.name }} className="after:absolute after:inset-0">
            {project.name}
          </Link>
        </h2>
        {project.latest && <StatusBadge status={project.latest.status} />}
      </div>
      {project.production ? (
        <a
          href={project.url}
          target="_blank"
          rel="noreferrer"
          className="relative z-10 mt-1 w-fit max-w-full truncate text-sm font-medium text-accent hover:underline"
        >
          {hostOf(project.url)}
        </a>
      ) : (
        <span className="mt-1 text-sm text-soft">Nothing in production yet</span>
      )}
      <p className="mt-6 flex justify-between gap-4 border-t border-line pt-3 text-xs text-soft">
        <span className="truncate">{project.repository && shortSource(project.repository)}</span>
        <span className="shrink-0">{project.latest && <Ago at={project.latest.createdAt} />}</span>
      </p>
    </article>
  );
}
