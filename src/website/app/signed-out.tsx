import { DepthLines } from "./mark.tsx";
import { useTitle } from "./use-title.ts";

/** All that a stranger sees: how an owner gets in. */
export function SignedOut() {
  useTitle("Sign in");
  return (
    <section className="relative isolate mx-auto mt-[10vh] max-w-xl">
      <DepthLines />
      <h1 className="title">Sign in with a link</h1>
      <p className="mt-3 max-w-md text-soft">
        This platform is private. Its links work once and are made on the machine that it runs on.
      </p>
      <dl className="card mt-7 divide-y divide-line text-sm">
        <div className="px-5 py-4">
          <dt className="text-soft">While it is running, print a new link with</dt>
          <dd className="mt-1 font-mono text-base font-semibold">berth open</dd>
        </div>
        <div className="px-5 py-4">
          <dt className="text-soft">Each start prints one as well</dt>
          <dd className="mt-1 font-mono text-base font-semibold">berth up</dd>
        </div>
      </dl>
    </section>
  );
}
