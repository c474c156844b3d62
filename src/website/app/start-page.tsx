import { DeployForm } from "./deploy-form.tsx";
import { DepthLines } from "./mark.tsx";
import { ProjectCards } from "./project-cards.tsx";
import { useTitle } from "./use-title.ts";

export function StartPage() {
  useTitle("Deploy");
  return (
    <>
      <section className="relative isolate -mx-4 overflow-hidden px-4 pt-12 pb-14 sm:-mx-8 sm:px-8 sm:pt-20 sm:pb-20">
        <DepthLines />
        <h1 className="max-w-3xl text-balance text-[clamp(2rem,1.4rem+3vw,3.25rem)] leading-[1.06] font-bold tracking-[-0.04em]">
          Bring a repository into port
        </h1>
        <p className="mt-4 max-w-xl text-soft sm:text-lg">
          Paste a git URL. It is built in a sandbox, published, and live at an address of its own.
        </p>
        <DeployForm />
      </section>
      <ProjectCards title="Projects" />
    </>
  );
}
