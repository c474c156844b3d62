import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowUpRight, RotateCcw } from "lucide-react";
import { Ago } from "./ago.tsx";
import { api, type ProjectView } from "./api.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { formatBytes, hostOf, versionText } from "./format.ts";
import type { Actions } from "./use-actions.ts";

/** What the world sees of a project now, and the way back to what it saw before. */
export function ProductionCard({ project, actions }: { project: ProjectView; actions: Actions }) {
  const id = project.production?.deployment;
  const live = useQuery({
    queryKey: ["deployment", id],
    queryFn: () => api.deployment(id!),
    enabled: id !== undefined,
  }).data;
  if (id === undefined) {
    return (
      <section aria-label="Production" className="rounded-[0.875rem] border border-dashed border-soft/50 p-6">
        <p className="font-semibold">Nothing is in production yet</p>
        <p className="mt-1 text-sm text-soft">
          A deployment of {project.productionBranch ?? "the production branch"} goes there by itself when it is ready.
        </p>
      </section>
    );
  }
  return (
    <section aria-label="Production" className="rounded-[0.875rem] bg-accent-soft p-5 sm:p-6">
      <div className="flex flex-wrap items-end justify-between gap-5">
        <div className="min-w-0">
          <h2 className="text-sm font-semibold text-soft">In production</h2>
          <a
            href={project.url}
            target="_blank"
            rel="noreferrer"
            className="mt-1 flex items-center gap-2.5 text-[clamp(1.25rem,0.9rem+1.5vw,1.75rem)] leading-tight font-bold tracking-[-0.03em] text-accent"
          >
            <span className="min-w-0 break-all underline decoration-accent/30 decoration-2 underline-offset-[0.2em] hover:decoration-accent">
              {hostOf(project.url)}
            </span>
            <ArrowUpRight size={22} strokeWidth={2.4} className="shrink-0" aria-hidden />
            <span className="sr-only">opens in a new tab</span>
          </a>
          {live && (
            <p className="mt-3 text-sm text-soft">
              <Link
                to="/deployments/$id"
                params={{ id }}
                className="font-mono font-semibold text-ink underline decoration-line underline-offset-4"
              >
                {versionText(live)}
              </Link>
              , <Ago at={live.createdAt} />, {live.files.toLocaleString("en")} {live.files === 1 ? "file" : "files"},{" "}
              {formatBytes(live.bytes)}
            </p>
          )}
        </div>
        <ConfirmButton
          title={`Roll back ${project.name}?`}
          text="Production shows what it showed before this deployment, at once. Nothing is built, and this one can be promoted again."
          action="Roll back"
          disabled={actions.isBusy}
          onConfirm={() => actions.rollback.mutate()}
        >
          <RotateCcw size={15} aria-hidden /> Roll back
        </ConfirmButton>
      </div>
    </section>
  );
}
