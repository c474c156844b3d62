import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { ProjectCards } from "./project-cards.tsx";
import { useTitle } from "./use-title.ts";

export function ProjectsPage() {
  useTitle("Projects");
  return (
    <>
      <div className="mt-8 mb-6 flex items-center justify-between gap-4">
        <h1 className="title">Projects</h1>
        <Link to="/" className="button button-main">
          <Plus size={16} aria-hidden /> New site
        </Link>
      </div>
      <ProjectCards />
    </>
  );
}
