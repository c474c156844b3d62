import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api.ts";
import { DeploymentPage } from "./deployment-page.tsx";
import { Notices } from "./notices.tsx";
import { ProjectPage } from "./project-page.tsx";
import { ProjectsPage } from "./projects-page.tsx";
import { NotFoundPage, Shell } from "./shell.tsx";
import { StartPage } from "./start-page.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });
const routes = [
  createRoute({ getParentRoute: () => root, path: "/", component: StartPage }),
  createRoute({ getParentRoute: () => root, path: "/projects", component: ProjectsPage }),
  createRoute({ getParentRoute: () => root, path: "/projects/$name", component: ProjectPage }),
  createRoute({ getParentRoute: () => root, path: "/deployments/$id", component: DeploymentPage }),
];
const router = createRouter({ routeTree: root.addChildren(routes), scrollRestoration: true });

const queries: QueryClient = new QueryClient({
  // A session that ends while the page is open leads to the way in.
  queryCache: new QueryCache({
    onError: (error, { queryKey }) => {
      if (error instanceof ApiError && error.status === 401 && queryKey[0] !== "me") {
        void queries.invalidateQueries({ queryKey: ["me"] });
      }
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What the API refuses it will refuse again; only silence is worth another try.
      retry: (count, error) => error instanceof ApiError && error.status === 0 && count < 2,
    },
  },
});

createRoot(document.getElementById("root")!).render(
  <QueryClientProvider client={queries}>
    <Notices>
      <RouterProvider router={router} />
    </Notices>
  </QueryClientProvider>,
);
