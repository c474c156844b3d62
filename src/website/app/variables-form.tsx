import { Field } from "@base-ui/react/field";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Context, Variable } from "../../model/variables.ts";
import { api, type NewVariable } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";

export const CONTEXT_LABELS: Record<Context, string> = {
  all: "All builds",
  production: "Production",
  preview: "Previews",
};

interface Props {
  project: string;
  onSaved(all: Variable[]): void;
}

const EMPTY: NewVariable = { name: "", value: "", context: "all", secret: true, install: false };

/** One variable; a name that is there already in the same context gets the new value. */
export function VariableForm({ project, onSaved }: Props) {
  const [draft, setDraft] = useState(EMPTY);
  const change = (changes: Partial<NewVariable>) => setDraft((before) => ({ ...before, ...changes }));
  const save = useMutation({
    mutationFn: () => api.setVariable(project, draft),
    onSuccess(all) {
      setDraft(EMPTY);
      onSaved(all);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} className="p-5 sm:p-6" aria-label="Add a variable">
      <div className="grid gap-x-5 gap-y-4 sm:grid-cols-2">
        <Field.Root name="variable-name">
          <Field.Label className="mb-1.5 block text-sm font-semibold">Name</Field.Label>
          <Field.Control
            className="field font-mono text-sm"
            value={draft.name}
            placeholder="API_TOKEN"
            autoComplete="off"
            spellCheck={false}
            required
            onValueChange={(name) => change({ name })}
          />
        </Field.Root>
        <Field.Root name="variable-context">
          <Field.Label className="mb-1.5 block text-sm font-semibold">Used by</Field.Label>
          <Field.Control
            render={
              <select>
                {Object.entries(CONTEXT_LABELS).map(([context, label]) => (
                  <option key={context} value={context}>
                    {label}
                  </option>
                ))}
              </select>
            }
            className="field"
            value={draft.context}
            onValueChange={(context) => change({ context: context as Context })}
          />
        </Field.Root>
        <Field.Root name="variable-value" className="sm:col-span-2">
          <Field.Label className="mb-1.5 block text-sm font-semibold">Value</Field.Label>
          <Field.Control
            render={<textarea rows={2} />}
            className="field py-2 font-mono text-sm"
            value={draft.value}
            autoComplete="off"
            spellCheck={false}
            onValueChange={(value) => change({ value })}
          />
        </Field.Root>
      </div>
      <div className="mt-4 grid gap-2.5 text-sm">
        <Choice
          label="Secret"
          meaning="shown nowhere again, masked in logs, kept out of what is published"
          checked={draft.secret}
          onChange={(secret) => change({ secret })}
        />
        <Choice
          label="Install step too"
          meaning="packages that are installed can read it"
          checked={draft.install}
          onChange={(install) => change({ install })}
        />
      </div>
      {save.error && (
        <div className="mt-5">
          <ErrorNote error={save.error} />
        </div>
      )}
      <div className="mt-5 flex items-center gap-4">
        <button type="submit" className="button button-main" disabled={draft.name === "" || save.isPending}>
          Save variable
        </button>
        <span role="status" className="text-sm text-soft">
          {save.isSuccess && draft === EMPTY ? "Variable saved." : ""}
        </span>
      </div>
    </form>
  );
}

interface ChoiceProps {
  label: string;
  meaning: string;
  checked: boolean;
  onChange(checked: boolean): void;
}

function Choice({ label, meaning, checked, onChange }: ChoiceProps) {
  return (
    <label className="flex items-baseline gap-2.5">
      <input
        type="checkbox"
        className="size-4 translate-y-0.5"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>
        <span className="font-semibold">{label}</span>
        <span className="text-soft">: {meaning}</span>
      </span>
    </label>
  );
}
