import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ArrowRight, GitBranch } from "lucide-react";
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
  const plain = { autoComplete: "off", autoCapitalize: "off", spellCheck: false } as const;
  return (
    <form onSubmit={submit} className="mt-8 max-w-4xl" aria-label="New deployment">
      <div className="card flex flex-col shadow-[0_18px_50px_-24px_rgb(8_40_48/0.45)] focus-within:border-accent sm:flex-row sm:items-stretch">
        <label className="min-w-0 flex-1">
          <span className="block px-5 pt-3.5 text-xs font-semibold text-soft">Repository</span>
          <input
            className="w-full bg-transparent px-5 pt-0.5 pb-3.5 font-mono text-base outline-none placeholder:text-soft/80 sm:text-lg"
            name="source"
            value={source}
            onChange={(event) => setSource(event.target.value)}
            placeholder="https://…/you/site.git"
            required
            {...plain}
          />
        </label>
        <label className="border-line max-sm:border-t sm:w-44 sm:border-l">
          <span className="flex items-center gap-1.5 px-5 pt-3.5 text-xs font-semibold text-soft">
            <GitBranch size={13} aria-hidden /> Branch
          </span>
          <input
            className="w-full bg-transparent px-5 pt-0.5 pb-3.5 font-mono text-base outline-none placeholder:text-soft/80 sm:text-lg"
            name="branch"
            value={branch}
            onChange={(event) => setBranch(event.target.value)}
            placeholder="default"
            {...plain}
          />
        </label>
        <div className="p-2.5">
          <button
            type="submit"
            className="button button-main h-full min-h-12 w-full px-6 text-base font-semibold"
            disabled={deploy.isPending}
          >
            {deploy.isPending ? "Deploying…" : "Deploy"} <ArrowRight size={18} aria-hidden />
          </button>
        </div>
      </div>
      <p className="mt-3 px-1 text-sm text-soft">
        https, ssh or git@host:path. The framework, the package manager and the build are found out.
      </p>
      {deploy.error && (
        <div className="mt-4">
          <ErrorNote error={deploy.error} />
        </div>
      )}
    </form>
  );
}
