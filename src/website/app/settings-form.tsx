import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type ProjectView } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";

const FIELDS: [key: string, label: string, placeholder: string][] = [
  ["root", "Root directory", "."],
  ["install_command", "Install command", "detected"],
  ["build_command", "Build command", "detected"],
  ["output_directory", "Output directory", "detected"],
  ["node_version", "Node version", "24"],
  ["framework", "Framework", "detected"],
  ["production_branch", "Production branch", "the repository's default"],
];

const CHOICES: [key: string, label: string, values: string[]][] = [
  ["egress", "Network of builds", ["registry", "public", "none"]],
  ["html_handling", "HTML addresses", ["auto-trailing-slash", "force-trailing-slash", "drop-trailing-slash", "none"]],
  ["not_found_handling", "Missing pages", ["404-page", "single-page-application", "none"]],
];

/** What is left empty is found out from the repository. */
export function SettingsForm({ project }: { project: ProjectView }) {
  const kept = project.settings as Record<string, string | undefined>;
  const [changed, setChanged] = useState<Record<string, string>>({});
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      api.setProject(
        project.name,
        Object.fromEntries(Object.entries(changed).map(([key, value]) => [key, value.trim() || null])),
      ),
    async onSuccess() {
      setChanged({});
      await queries.invalidateQueries({ queryKey: ["project", project.name] });
    },
  });
  const textOf = (key: string) => changed[key] ?? kept[key] ?? "";
  const set = (key: string, value: string) => setChanged((before) => ({ ...before, [key]: value }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <section aria-labelledby="settings">
      <h2 id="settings" className="text-lg font-semibold tracking-tight">
        Settings
      </h2>
      <p className="mt-1 mb-4 text-sm text-soft">They hold from the next deployment on.</p>
      <form onSubmit={submit} className="card grid gap-4 p-5 sm:grid-cols-2">
        {FIELDS.map(([key, label, placeholder]) => (
          <label key={key} className="block">
            <span className="mb-1 block text-sm font-medium">{label}</span>
            <input
              className="field"
              name={key}
              value={textOf(key)}
              placeholder={placeholder}
              onChange={(event) => set(key, event.target.value)}
            />
          </label>
        ))}
        {CHOICES.map(([key, label, values]) => (
          <label key={key} className="block">
            <span className="mb-1 block text-sm font-medium">{label}</span>
            <select className="field" name={key} value={textOf(key)} onChange={(event) => set(key, event.target.value)}>
              <option value="">default</option>
              {values.map((value) => (
                <option key={value}>{value}</option>
              ))}
            </select>
          </label>
        ))}
        <div className="sm:col-span-2">
          {save.error && <ErrorNote error={save.error} />}
          <button
            type="submit"
            className="button button-main mt-2"
            disabled={Object.keys(changed).length === 0 || save.isPending}
          >
            Save
          </button>
          <span role="status" className="ml-3 text-sm text-soft">
            {save.isSuccess && Object.keys(changed).length === 0 ? "Saved." : ""}
          </span>
        </div>
      </form>
    </section>
  );
}
