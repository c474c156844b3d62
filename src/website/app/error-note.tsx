import { CircleAlert } from "lucide-react";
import type { ErrorBody } from "../../model/errors.ts";
import { ApiError } from "./api.ts";

/** What happened, and what to do next. */
export function ErrorNote({ error }: { error: Error | ErrorBody }) {
  const { code, message, hint } = bodyOf(error);
  return (
    <div role="alert" className="flex gap-3 rounded-xl border border-bad/30 bg-bad-soft p-4">
      <CircleAlert size={20} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0">
        <p className="font-medium break-words">{message}</p>
        <p className="mt-1 text-sm break-words text-soft">{hint}</p>
        <p className="mt-2 font-mono text-xs text-soft">{code}</p>
      </div>
    </div>
  );
}

function bodyOf(error: Error | ErrorBody): ErrorBody {
  if (error instanceof ApiError) return error.body;
  if (error instanceof Error) return { code: "internal", message: error.message, hint: "Reload the page." };
  return error;
}
