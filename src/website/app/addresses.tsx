import { ArrowUpRight } from "lucide-react";
import type { Deployment } from "../../model/deployment.ts";
import { hostOf } from "./format.ts";

/** The first alias is the shortest way to the site; each of them is a link. */
export function Addresses({ deployment }: { deployment: Deployment }) {
  const [first = deployment.url, ...others] = [...deployment.aliases, deployment.url];
  return (
    <section aria-label="Addresses" className="rounded-[0.875rem] bg-accent-soft px-5 py-5 sm:px-6 sm:py-6">
      <a
        href={first}
        target="_blank"
        rel="noreferrer"
        className="group flex w-fit max-w-full items-center gap-3 text-[clamp(1.25rem,0.9rem+1.9vw,2rem)] leading-tight font-bold tracking-[-0.03em] text-accent"
      >
        <span className="min-w-0 break-all underline decoration-accent/30 decoration-2 underline-offset-[0.2em] group-hover:decoration-accent">
          {hostOf(first)}
        </span>
        <ArrowUpRight size={26} strokeWidth={2.4} className="shrink-0" aria-hidden />
        <span className="sr-only">opens in a new tab</span>
      </a>
      {others.length > 0 && (
        <ul className="mt-3 flex flex-wrap gap-x-6 gap-y-1 text-sm text-soft">
          {others.map((url) => (
            <li key={url}>
              <a href={url} target="_blank" rel="noreferrer" className="break-all hover:text-ink hover:underline">
                {hostOf(url)}
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
