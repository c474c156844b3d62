import type { Deployment } from "../../model/deployment.ts";
import { formatBytes } from "./format.ts";

/** What the deployment was made of, and what it cost. */
export function Facts({ deployment }: { deployment: Deployment }) {
  const { source } = deployment;
  const resolved = Object.entries(deployment.resolved).filter(([, { value }]) => value !== null);
  const facts: [label: string, value: string | null | undefined][] = [
    ["Commit", source.kind === "git" ? source.commit : null],
    ["Framework", deployment.framework],
    ["Package manager", deployment.packageManager],
    ["Node", deployment.node],
    ["Build", deployment.reused ? "reused: nothing had changed" : null],
    ["Trust", deployment.trust === "fork" ? "fork: without the project's variables" : null],
    ["Id", deployment.id],
  ];
  return (
    <div className="grid gap-6 lg:grid-cols-2">
      <section aria-labelledby="facts" className="card p-5 sm:p-6">
        <h2 id="facts" className="heading">
          Details
        </h2>
        {deployment.status === "ready" && (
          <dl className="mt-4 grid grid-cols-3 gap-3 border-b border-line pb-4">
            <Figure label="Files" value={deployment.files.toLocaleString("en")} />
            <Figure label="Size" value={formatBytes(deployment.bytes)} />
            <Figure label="New bytes" value={formatBytes(deployment.newBytes)} />
          </dl>
        )}
        <dl className="mt-4 grid grid-cols-[auto_1fr] gap-x-6 gap-y-2.5 text-sm">
          {facts
            .filter(([, value]) => value)
            .map(([label, value]) => (
              <div key={label} className="contents">
                <dt className="text-soft">{label}</dt>
                <dd className={`break-all ${label === "Commit" || label === "Id" ? "font-mono text-[13px]" : ""}`}>
                  {value}
                </dd>
              </div>
            ))}
        </dl>
      </section>
      {resolved.length > 0 && (
        <section aria-labelledby="resolved" className="card p-5 sm:p-6">
          <h2 id="resolved" className="heading">
            Settings it was built by
          </h2>
          <dl className="mt-4 divide-y divide-line text-sm">
            {resolved.map(([key, { value, from }]) => (
              <div key={key} className="grid grid-cols-[1fr_auto] items-baseline gap-x-4 py-2 first:pt-0 last:pb-0">
                <dt className="text-soft first-letter:uppercase">{key.replaceAll("_", " ")}</dt>
                <dd className="row-start-2 font-mono text-[13px] break-all">{value}</dd>
                <dd className="row-span-2 self-center rounded-md bg-sunk px-2 py-0.5 text-xs text-soft">{from}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
    </div>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt className="text-xs text-soft">{label}</dt>
      <dd className="text-lg font-bold tracking-tight tabular-nums sm:text-xl">{value}</dd>
    </div>
  );
}
