import { DeployForm } from "./deploy-form.tsx";
import { ProjectCards } from "./project-cards.tsx";

export function StartPage() {
  return (
    <>
      <section className="mx-auto max-w-3xl pt-2 pb-12 sm:pt-8">
        <h1 className="text-3xl font-semibold tracking-tight text-balance sm:text-4xl">Bring a repository into port</h1>
        <p className="mt-3 mb-6 text-lg text-soft">
          Paste a git URL. It is built in a sandbox, published, and live at its own address.
        </p>
        <DeployForm />
      </section>
      <ProjectCards />
    </>
  );
}
