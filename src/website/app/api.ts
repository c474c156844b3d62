import type { ProtectionView } from "../../model/access.ts";
import type { Deployment } from "../../model/deployment.ts";
import type { ErrorBody } from "../../model/errors.ts";
import type { Explanation } from "../../model/explanation.ts";
import type { Project } from "../../model/project.ts";
import type { Context, Variable } from "../../model/variables.ts";

export type ProjectView = Project & { latest: Deployment | null };

export interface FilePage {
  files: { path: string; size: number; encoded: Record<string, number> }[];
  next: string | null;
  total: number;
}

export interface DeploymentPage {
  deployments: Deployment[];
  next: string | null;
}

export interface Wish {
  source: string;
  project?: string;
  branch?: string;
  commit?: string;
  force?: boolean;
}

export type NewVariable = Pick<Variable, "name" | "context" | "secret" | "install"> & { value: string };

export type NewProtection = { scope: string } & ({ kind: "password"; password: string } | { kind: "token" });

/** A failed request, with what the API says of it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: ErrorBody,
  ) {
    super(body.message);
  }
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`/api/v1${path}`, {
    method,
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  }).catch(() => undefined);
  if (response === undefined) {
    throw new ApiError(0, {
      code: "api_unreachable",
      message: "The platform does not answer.",
      hint: "Check that it runs.",
    });
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const answer = (await response.json().catch(() => undefined)) as { error?: ErrorBody } | undefined;
  throw new ApiError(
    response.status,
    answer?.error ?? { code: "internal", message: `The platform answered ${response.status}.`, hint: "Try again." },
  );
}

const part = encodeURIComponent;

export const api = {
  me: () => call<{ name: string; version: string }>("GET", "/me"),
  signOut: () => call<void>("POST", "/sign-out"),
  projects: async () => (await call<{ projects: ProjectView[] }>("GET", "/projects")).projects,
  project: (name: string) => call<ProjectView>("GET", `/projects/${part(name)}`),
  setProject: (name: string, settings: Record<string, string | null>) =>
    call<ProjectView>("PATCH", `/projects/${part(name)}`, { settings }),
  removeProject: (name: string) => call<void>("DELETE", `/projects/${part(name)}`),
  variables: async (project: string) =>
    (await call<{ variables: Variable[] }>("GET", `/projects/${part(project)}/variables`)).variables,
  /** Both give all variables as they are then. */
  setVariable: async (project: string, variable: NewVariable) =>
    (await call<{ variables: Variable[] }>("PUT", `/projects/${part(project)}/variables`, { variables: [variable] }))
      .variables,
  removeVariable: async (project: string, { name, context }: { name: string; context: Context }) =>
    (
      await call<{ variables: Variable[] }>(
        "DELETE",
        `/projects/${part(project)}/variables?names=${part(name)}&context=${context}`,
      )
    ).variables,
  protections: async (project: string) =>
    (await call<{ protections: ProtectionView[] }>("GET", `/projects/${part(project)}/protection`)).protections,
  /** A token comes once. */
  protect: (project: string, wish: NewProtection) =>
    call<{ token: string | null; protections: ProtectionView[] }>(
      "POST",
      `/projects/${part(project)}/protection`,
      wish,
    ),
  unprotect: async (project: string, id: string) =>
    (await call<{ protections: ProtectionView[] }>("DELETE", `/projects/${part(project)}/protection/${part(id)}`))
      .protections,
  explain: (url: string) => call<Explanation>("GET", `/explain?url=${part(url)}`),
  rollback: (name: string) => call<Deployment>("POST", `/projects/${part(name)}/rollback`),
  deployments: (project: string, before: string | null) =>
    call<DeploymentPage>(
      "GET",
      `/deployments?project=${part(project)}&limit=20${before === null ? "" : `&before=${part(before)}`}`,
    ),
  deployment: (id: string) => call<Deployment>("GET", `/deployments/${part(id)}`),
  deploy: (wish: Wish) => call<Deployment>("POST", "/deployments", wish),
  cancel: (id: string) => call<Deployment>("POST", `/deployments/${part(id)}/cancel`),
  promote: (id: string) => call<Deployment>("POST", `/deployments/${part(id)}/promote`),
  remove: (id: string) => call<void>("DELETE", `/deployments/${part(id)}`),
  files: (id: string, after: string) =>
    call<FilePage>("GET", `/deployments/${part(id)}/files?limit=25&after=${part(after)}`),
};
