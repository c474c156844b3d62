import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Deployment } from "../../model/deployment.ts";
import { api, type Wish } from "./api.ts";
import { versionText } from "./format.ts";
import { notify } from "./notices.tsx";

/** What can be done with the deployments of a project, from wherever they are shown. */
export function useActions(project: string) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const refresh = () =>
    Promise.all(["projects", "project", "deployments"].map((key) => queries.invalidateQueries({ queryKey: [key] })));
  const keep = async (deployment: Deployment) => {
    queries.setQueryData(["deployment", deployment.id], deployment);
    await refresh();
  };
  const deploy = useMutation({
    mutationFn: (wish: Wish) => api.deploy({ ...wish, project }),
    async onSuccess(deployment) {
      queries.setQueryData(["deployment", deployment.id], deployment);
      await navigate({ to: "/deployments/$id", params: { id: deployment.id } });
    },
  });
  const promote = useMutation({
    mutationFn: api.promote,
    async onSuccess(deployment) {
      await keep(deployment);
      notify(`${versionText(deployment)} is in production.`);
    },
  });
  const rollback = useMutation({
    mutationFn: () => api.rollback(project),
    async onSuccess(deployment) {
      await keep(deployment);
      notify(`Rolled back to ${versionText(deployment)}.`);
    },
  });
  const cancel = useMutation({ mutationFn: api.cancel, onSuccess: keep });
  const remove = useMutation({
    mutationFn: api.remove,
    async onSuccess() {
      await navigate({ to: "/projects/$name", params: { name: project } });
      await refresh();
      notify("The deployment is deleted.");
    },
  });
  const all = [deploy, promote, rollback, cancel, remove];
  return {
    deploy,
    promote,
    rollback,
    cancel,
    remove,
    isBusy: all.some(({ isPending }) => isPending),
    error: all.find(({ error }) => error !== null)?.error ?? null,
  };
}

export type Actions = ReturnType<typeof useActions>;

/** The same commit once more, built anew. */
export function wishAgain({ source }: Deployment): Wish {
  if (source.kind === "folder") return { source: source.path, force: true };
  return {
    source: source.url,
    force: true,
    ...(source.branch !== null && { branch: source.branch }),
    ...(source.commit !== null && { commit: source.commit }),
  };
}
