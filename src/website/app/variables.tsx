import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import type { Variable } from "../../model/variables.ts";
import { api } from "./api.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { ErrorNote } from "./error-note.tsx";
import { notify } from "./notices.tsx";
import { CONTEXT_LABELS, VariableForm } from "./variables-form.tsx";

/** What the project's builds are told. Values of secrets go in here and are never shown again. */
export function Variables({ project }: { project: string }) {
  const key = ["variables", project];
  const queries = useQueryClient();
  const list = useQuery({ queryKey: key, queryFn: () => api.variables(project) });
  const remove = useMutation({
    mutationFn: ({ name, context }: Variable) => api.removeVariable(project, { name, context }),
    onSuccess(left, { name }) {
      queries.setQueryData(key, left);
      notify(`${name} is removed.`);
    },
  });
  return (
    <section aria-labelledby="variables">
      <h2 id="variables" className="heading">
        Variables
      </h2>
      <p className="mt-0.5 mb-3 text-sm text-soft">
        Builds see them in their environment, forks don't. A change holds from the next deployment on.
      </p>
      <div className="card">
        {list.isPending && <div className="skeleton m-5 h-12" role="status" aria-label="Loading" />}
        {list.error && (
          <div className="p-5">
            <ErrorNote error={list.error} onRetry={() => list.refetch()} />
          </div>
        )}
        {list.data && list.data.length > 0 && (
          <ul aria-labelledby="variables" className="divide-y divide-line border-b border-line">
            {list.data.map((variable) => (
              <Row
                key={`${variable.name} ${variable.context}`}
                variable={variable}
                disabled={remove.isPending}
                onRemove={() => remove.mutate(variable)}
              />
            ))}
          </ul>
        )}
        {remove.error && (
          <div className="p-5 pb-0">
            <ErrorNote error={remove.error} />
          </div>
        )}
        <VariableForm project={project} onSaved={(all) => queries.setQueryData(key, all)} />
      </div>
    </section>
  );
}

interface RowProps {
  variable: Variable;
  disabled: boolean;
  onRemove(): void;
}

function Row({ variable: { name, context, secret, install, locked, value }, disabled, onRemove }: RowProps) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-5 gap-y-2 px-5 py-3.5 sm:px-6">
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-mono text-sm font-semibold break-all">{name}</p>
        <p className="mt-0.5 text-sm break-all text-soft">
          {locked ? (
            "Locked: encrypted with another key"
          ) : secret ? (
            "Secret"
          ) : (
            <span className="line-clamp-3 font-mono text-[13px] whitespace-pre-wrap">{value}</span>
          )}
        </p>
      </div>
      <p className="text-sm text-soft">
        {CONTEXT_LABELS[context]}
        {install && ", install too"}
      </p>
      <ConfirmButton
        className="button button-quiet"
        title={`Remove ${name}?`}
        text={`${CONTEXT_LABELS[context]}: from the next deployment on it is not set any more.`}
        action="Remove"
        isDestructive
        disabled={disabled}
        onConfirm={onRemove}
      >
        <Trash2 size={15} aria-hidden /> Remove <span className="sr-only">{name}</span>
      </ConfirmButton>
    </li>
  );
}
