import { CircleAlert } from "lucide-react";
import type { ErrorBody } from "../../model/errors.ts";
import { ApiError } from "./api.ts";

/** What happened, and what to do next. */
export function ErrorNote({ error, onRetry }: { error: Error | ErrorBody; onRetry?: () => void }) {
  const { code, message, hint } = bodyOf(error);
  return (
    <div role="alert" className="flex gap-3 rounded-xl border border-bad/30 bg-bad-soft p-4 sm:p-5">
      <CircleAlert size={20} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="font-semibold break-words whitespace-pre-line">{message}</p>
        <p className="mt-1 text-sm break-words whitespace-pre-line">{hint}</p>
        <p className="mt-2.5 flex flex-wrap items-center justify-between gap-3">
          <code className="font-mono text-xs text-soft">{code}</code>
          {onRetry && (
            <button type="button" className="button" onClick={onRetry}>
              Try again
            </button>
          )}
        </p>
      </div>
    </div>
  );
}

function bodyOf(error: Error | ErrorBody): ErrorBody {
  if (error instanceof ApiError) return error.body;
  if (error instanceof Error) return { code: "internal", message: error.message, hint: "Reload the page." };
  return error;
}
