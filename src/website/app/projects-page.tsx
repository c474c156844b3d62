import { Link } from "@tanstack/react-router";
import { ProjectCards } from "./project-cards.tsx";

export function ProjectsPage() {
  return (
    <>
      <div className="mb-6 flex items-center justify-between">
        <h1 className="text-2xl font-semibold tracking-tight">Projects</h1>
        <Link to="/" className="button button-main">
          New site
        </Link>
      </div>
      <ProjectCards />
    </>
  );
}
