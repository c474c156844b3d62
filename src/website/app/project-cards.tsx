import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, type ProjectView } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";
import { formatAge, hostOf, shortSource } from "./format.ts";
import { StatusBadge } from "./status-badge.tsx";

export function ProjectCards() {
  const projects = useQuery({ queryKey: ["projects"], queryFn: api.projects, refetchInterval: 5_000 });
  if (projects.error) return <ErrorNote error={projects.error} />;
  if (projects.isPending) return <div className="skeleton h-36" role="status" aria-label="Loading" />;
  if (projects.data.length === 0) {
    return (
      <p className="rounded-xl border border-dashed border-line p-8 text-center text-soft">
        No project yet. The first deployment makes one.
      </p>
    );
  }
  return (
    <section aria-label="Projects">
      <ul className="grid gap-4 sm:grid-cols-2">
        {projects.data.map((project) => (
          <li key={project.name}>
            <ProjectCard project={project} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function ProjectCard({ project }: { project: ProjectView }) {
  return (
    <article className="card relative flex h-full flex-col gap-3 p-5 transition-colors hover:border-soft">
      <div className="flex items-baseline justify-between gap-3">
        <h2 className="truncate text-lg font-semibold tracking-tight">
          <Link to="/projects/$name" params={{ name: project.name }} className="after:absolute after:inset-0">
            {project.name}
          </Link>
        </h2>
        {project.latest && <StatusBadge status={project.latest.status} />}
      </div>
      {project.production ? (
        <a href={project.url} className="relative z-10 w-fit max-w-full truncate text-sm text-accent hover:underline">
          {hostOf(project.url)}
        </a>
      ) : (
        <span className="text-sm text-soft">Nothing in production yet</span>
      )}
      <p className="mt-auto flex justify-between gap-3 text-sm text-soft">
        <span className="truncate">{project.repository && shortSource(project.repository)}</span>
        <span className="shrink-0">{project.latest && formatAge(project.latest.createdAt)}</span>
      </p>
    </article>
  );
}
