import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";

/** A pasted URL becomes a deployment, whose page shows the rest. */
export function DeployForm() {
  const [source, setSource] = useState("");
  const [branch, setBranch] = useState("");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const deploy = useMutation({
    mutationFn: api.deploy,
    async onSuccess(deployment) {
      queries.setQueryData(["deployment", deployment.id], deployment);
      await navigate({ to: "/deployments/$id", params: { id: deployment.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    deploy.mutate({ source: source.trim(), ...(branch.trim() && { branch: branch.trim() }) });
  };
  return (
    <form onSubmit={submit} className="card p-4 shadow-sm sm:p-5">
      <div className="grid gap-3 sm:grid-cols-[1fr_11rem_auto]">
        <label className="block">
          <span className="mb-1 block text-sm font-medium">Repository</span>
          <input
            className="field font-mono text-sm"
            name="source"
            value={source}
            onChange={(event) => setSource(event.target.value)}
            placeholder="https://example.com/you/site.git"
            autoComplete="off"
            spellCheck={false}
            required
          />
        </label>
        <label className="block">
          <span className="mb-1 block text-sm font-medium">Branch</span>
          <input
            className="field font-mono text-sm"
            name="branch"
            value={branch}
            onChange={(event) => setBranch(event.target.value)}
            placeholder="default"
            autoComplete="off"
            spellCheck={false}
          />
        </label>
        <button type="submit" className="button button-main self-end sm:min-h-10" disabled={deploy.isPending}>
          Deploy <ArrowRight size={16} aria-hidden />
        </button>
      </div>
      {deploy.error && (
        <div className="mt-4">
          <ErrorNote error={deploy.error} />
        </div>
      )}
    </form>
  );
}
