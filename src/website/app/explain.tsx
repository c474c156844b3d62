import { Field } from "@base-ui/react/field";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Explanation } from "../../model/explanation.ts";
import { api } from "./api.ts";
import { ErrorNote } from "./error-note.tsx";

/** What answers an address of the project, and why. @param start its own address */
export function Explain({ start }: { start: string }) {
  const [url, setUrl] = useState(start);
  const explain = useMutation({ mutationFn: () => api.explain(url) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    explain.mutate();
  };
  return (
    <section aria-labelledby="explain">
      <h2 id="explain" className="heading">
        Explain an address
      </h2>
      <p className="mt-0.5 mb-3 text-sm text-soft">Which deployment, rule and file answer it, step by step.</p>
      <div className="card p-5 sm:p-6">
        <form onSubmit={submit} className="flex flex-wrap items-end gap-4" aria-label="Explain an address">
          <Field.Root name="explain-url" className="min-w-0 flex-1 basis-72">
            <Field.Label className="mb-1.5 block text-sm font-semibold">Address</Field.Label>
            <Field.Control
              className="field font-mono text-sm"
              value={url}
              autoComplete="off"
              spellCheck={false}
              required
              onValueChange={setUrl}
            />
          </Field.Root>
          <button type="submit" className="button" disabled={url === "" || explain.isPending}>
            Explain
          </button>
        </form>
        {explain.error && (
          <div className="mt-5">
            <ErrorNote error={explain.error} />
          </div>
        )}
        {explain.data && <Told explanation={explain.data} />}
      </div>
    </section>
  );
}

function Told({ explanation: { steps, answer, behindProtection } }: { explanation: Explanation }) {
  const { headers } = behindProtection ?? answer;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <div role="status" className="mt-5 border-t border-line pt-5">
      <ol aria-label="Explanation" className="grid gap-2.5 text-sm">
        {steps.map(({ step, text }) => (
          <li key={`${step} ${text}`} className="grid gap-x-4 sm:grid-cols-[7rem_1fr]">
            <span className="font-semibold">{step}</span>
            <span className="break-words text-soft">{text}</span>
          </li>
        ))}
      </ol>
      {lines.length > 0 && (
        <pre className="mt-4 font-mono text-[13px] break-all whitespace-pre-wrap text-soft">{lines.join("\n")}</pre>
      )}
    </div>
  );
}
