import { formatAge } from "./format.ts";
import { useNow } from "./use-now.ts";

/** "2 minutes ago", kept true while the page is open; the exact time on demand. */
export function Ago({ at }: { at: string }) {
  const now = useNow({ everyMs: 10_000, isRunning: true });
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {formatAge(at, now)}
    </time>
  );
}
