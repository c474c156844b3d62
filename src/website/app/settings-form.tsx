import { Field } from "@base-ui/react/field";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { ProjectSettings } from "../../model/project.ts";
import { ApiError, api, type ProjectView } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";
import { SETTING_FIELDS, type SettingField } from "./settings-fields.ts";

type Key = keyof ProjectSettings;
const FIELDS = Object.entries(SETTING_FIELDS) as [Key, SettingField][];

/** What is left empty is found out from the repository. */
export function SettingsForm({ project }: { project: ProjectView }) {
  const [changed, setChanged] = useState<Partial<Record<Key, string>>>({});
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      api.setProject(
        project.name,
        Object.fromEntries(Object.entries(changed).map(([key, value]) => [key, value.trim() || null])),
      ),
    onSuccess(saved) {
      setChanged({});
      queries.setQueryData(["project", project.name], saved);
    },
  });
  const isChanged = Object.keys(changed).length > 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <section aria-labelledby="settings">
      <h2 id="settings" className="heading">
        Settings
      </h2>
      <p className="mt-0.5 mb-3 text-sm text-soft">
        What is left empty is found out from the repository. A change holds from the next deployment on.
      </p>
      <form onSubmit={submit} className="card p-5 sm:p-6" aria-labelledby="settings">
        <div className="grid gap-x-5 gap-y-4 sm:grid-cols-2">
          {FIELDS.map(([key, field]) => (
            <Setting
              key={key}
              name={key}
              field={field}
              value={changed[key] ?? project.settings[key] ?? ""}
              isInvalid={isAbout(save.error, key)}
              onChange={(value) => setChanged((before) => ({ ...before, [key]: value }))}
            />
          ))}
        </div>
        {save.error && (
          <div className="mt-5">
            <ErrorNote error={save.error} />
          </div>
        )}
        <div className="mt-5 flex items-center gap-4">
          <button type="submit" className="button button-main" disabled={!isChanged || save.isPending}>
            Save settings
          </button>
          <span role="status" className="text-sm text-soft">
            {save.isSuccess && !isChanged ? "Saved." : ""}
          </span>
        </div>
      </form>
    </section>
  );
}

interface SettingProps {
  name: Key;
  field: SettingField;
  value: string;
  isInvalid: boolean;
  onChange(value: string): void;
}

function Setting({ name, field: { label, unset, choices }, value, isInvalid, onChange }: SettingProps) {
  const look = `field ${isInvalid ? "!border-bad" : ""}`;
  return (
    <Field.Root name={name} invalid={isInvalid}>
      <Field.Label className="mb-1.5 block text-sm font-semibold">{label}</Field.Label>
      {choices ? (
        <Field.Control
          render={
            <select>
              <option value="">{unset} (default)</option>
              {choices.map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </select>
          }
          className={look}
          value={value}
          onValueChange={onChange}
        />
      ) : (
        <Field.Control
          className={`${look} font-mono text-sm`}
          value={value}
          placeholder={unset}
          autoComplete="off"
          spellCheck={false}
          onValueChange={onChange}
        />
      )}
    </Field.Root>
  );
}

/** The API names the setting in quotes. */
function isAbout(error: Error | null, key: Key): boolean {
  return error instanceof ApiError && error.body.message.includes(`'${key}'`);
}
