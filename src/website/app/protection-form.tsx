import { Field } from "@base-ui/react/field";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { ProtectionKind, ProtectionView } from "../../model/access.ts";
import { api, type NewProtection } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";

interface Props {
  project: string;
  onSaved(all: ProtectionView[]): void;
}

const EMPTY = { hosts: "previews", branch: "", kind: "password" as ProtectionKind, password: "" };
const HOSTS = { previews: "Previews", all: "Every host", branch: "Previews of one branch" };
const KIND_LABELS: Record<ProtectionKind, string> = { password: "Password", token: "Token, for scripts" };

/** One password, which replaces that of the same hosts, or one more token. */
export function ProtectionForm({ project, onSaved }: Props) {
  const [draft, setDraft] = useState(EMPTY);
  const change = (changes: Partial<typeof EMPTY>) => setDraft((before) => ({ ...before, ...changes }));
  const save = useMutation({
    mutationFn: () => api.protect(project, wishOf(draft)),
    onSuccess({ protections }) {
      setDraft(EMPTY);
      onSaved(protections);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const isWhole =
    (draft.kind === "token" || draft.password !== "") && (draft.hosts !== "branch" || draft.branch !== "");
  return (
    <form onSubmit={submit} className="p-5 sm:p-6" aria-label="Add a protection">
      <div className="grid gap-x-5 gap-y-4 sm:grid-cols-2">
        <Choice label="Protects" options={HOSTS} value={draft.hosts} onChange={(hosts) => change({ hosts })} />
        <Choice
          label="By"
          options={KIND_LABELS}
          value={draft.kind}
          onChange={(kind) => change({ kind: kind as ProtectionKind })}
        />
        {draft.hosts === "branch" && (
          <Text label="Branch" value={draft.branch} onChange={(branch) => change({ branch })} />
        )}
        {draft.kind === "password" && (
          <Text label="Password" isSecret value={draft.password} onChange={(password) => change({ password })} />
        )}
      </div>
      {save.error && (
        <div className="mt-5">
          <ErrorNote error={save.error} />
        </div>
      )}
      <div className="mt-5 flex flex-wrap items-center gap-4">
        <button type="submit" className="button button-main" disabled={!isWhole || save.isPending}>
          Protect
        </button>
        <span role="status" className="min-w-0 text-sm text-soft">
          {save.isSuccess && draft === EMPTY && <Saved token={save.data.token} />}
        </span>
      </div>
    </form>
  );
}

function Saved({ token }: { token: string | null }) {
  if (token === null) return "It is protected now.";
  return (
    <>
      The token, which is not shown again: <code className="font-mono break-all text-ink">{token}</code>
    </>
  );
}

function wishOf({ hosts, branch, kind, password }: typeof EMPTY): NewProtection {
  const scope = hosts === "branch" ? `branch:${branch}` : hosts;
  return kind === "password" ? { kind, scope, password } : { kind, scope };
}

interface FieldProps {
  label: string;
  value: string;
  onChange(value: string): void;
}

function Choice({ label, options, value, onChange }: FieldProps & { options: Record<string, string> }) {
  return (
    <Field.Root name={`protection-${label.toLowerCase()}`}>
      <Field.Label className="mb-1.5 block text-sm font-semibold">{label}</Field.Label>
      <Field.Control
        render={
          <select>
            {Object.entries(options).map(([each, text]) => (
              <option key={each} value={each}>
                {text}
              </option>
            ))}
          </select>
        }
        className="field"
        value={value}
        onValueChange={onChange}
      />
    </Field.Root>
  );
}

function Text({ label, isSecret = false, value, onChange }: FieldProps & { isSecret?: boolean }) {
  return (
    <Field.Root name={`protection-${label.toLowerCase()}`}>
      <Field.Label className="mb-1.5 block text-sm font-semibold">{label}</Field.Label>
      <Field.Control
        className="field font-mono text-sm"
        type={isSecret ? "password" : "text"}
        value={value}
        autoComplete={isSecret ? "new-password" : "off"}
        spellCheck={false}
        required
        onValueChange={onChange}
      />
    </Field.Root>
  );
}
