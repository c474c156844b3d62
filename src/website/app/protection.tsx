import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import type { ProtectionView } from "../../model/access.ts";
import { Ago } from "./ago.tsx";
import { api } from "./api.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { ErrorNote } from "./error-note.tsx";
import { notify } from "./notices.tsx";
import { ProtectionForm } from "./protection-form.tsx";

/** Who may see the project's hosts. Passwords and tokens go in here, and are never shown again. */
export function Protection({ project }: { project: string }) {
  const key = ["protection", project];
  const queries = useQueryClient();
  const list = useQuery({ queryKey: key, queryFn: () => api.protections(project) });
  const remove = useMutation({
    mutationFn: ({ id }: ProtectionView) => api.unprotect(project, id),
    onSuccess(left, { kind }) {
      queries.setQueryData(key, left);
      notify(`The ${kind} is removed.`);
    },
  });
  return (
    <section aria-labelledby="protection">
      <h2 id="protection" className="heading">
        Protection
      </h2>
      <p className="mt-0.5 mb-3 text-sm text-soft">
        Visitors need a password or a token. A change holds at once, for deployments that are there as well.
      </p>
      <div className="card">
        {list.isPending && <div className="skeleton m-5 h-12" role="status" aria-label="Loading" />}
        {list.error && (
          <div className="p-5">
            <ErrorNote error={list.error} onRetry={() => list.refetch()} />
          </div>
        )}
        {list.data && list.data.length > 0 && (
          <ul aria-labelledby="protection" className="divide-y divide-line border-b border-line">
            {list.data.map((each) => (
              <Row key={each.id} protection={each} disabled={remove.isPending} onRemove={() => remove.mutate(each)} />
            ))}
          </ul>
        )}
        {remove.error && (
          <div className="p-5 pb-0">
            <ErrorNote error={remove.error} />
          </div>
        )}
        <ProtectionForm project={project} onSaved={(all) => queries.setQueryData(key, all)} />
      </div>
    </section>
  );
}

interface RowProps {
  protection: ProtectionView;
  disabled: boolean;
  onRemove(): void;
}

function Row({ protection: { id, scope, kind, createdAt }, disabled, onRemove }: RowProps) {
  const title = kind === "password" ? "Password" : "Token";
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-5 gap-y-2 px-5 py-3.5 sm:px-6">
      <div className="min-w-0 flex-1 basis-60">
        <p className="text-sm font-semibold">
          {title} <span className="font-mono text-[13px] font-normal text-soft">{id}</span>
        </p>
        <p className="mt-0.5 text-sm break-all text-soft">{scopeLabel(scope)}</p>
      </div>
      <p className="text-sm text-soft">
        <Ago at={createdAt} />
      </p>
      <ConfirmButton
        className="button button-quiet"
        title={`Remove this ${kind}?`}
        text="Who came in by it is out at once. Hosts that nothing else protects are open to everybody then."
        action="Remove"
        isDestructive
        disabled={disabled}
        onConfirm={onRemove}
      >
        <Trash2 size={15} aria-hidden /> Remove <span className="sr-only">{`${title} ${id}`}</span>
      </ConfirmButton>
    </li>
  );
}

function scopeLabel(scope: string): string {
  if (scope === "all") return "Every host";
  return scope === "previews" ? "Previews: every host but production's" : `Previews of ${scope.replace(":", " ")}`;
}
