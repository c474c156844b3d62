import type { ProtectionView } from "../model/access.ts";
import type { Deployment, LogLine } from "../model/deployment.ts";
import { BerthError, ERROR_CODES, type ErrorCode } from "../model/errors.ts";
import type { Explanation } from "../model/explanation.ts";
import type { Project, ProjectSettings } from "../model/project.ts";
import type { Context, Variable } from "../model/variables.ts";
import { usageError } from "./failure.ts";
import { type DeploymentEvent, followEvents } from "./follow-events.ts";

export interface DeployRequest {
  source: string;
  project?: string;
  branch?: string;
  commit?: string;
  root?: string;
  production?: boolean;
  force?: boolean;
}

export interface Me {
  kind: "session" | "token";
  name: string;
  version: string;
  baseUrl: string;
}

export type ProjectView = Project & { latest: Deployment | null };

/** The HTTP API as functions. Each throws BerthError with the API's own code, message and hint. */
export interface Client {
  readonly url: string;
  me(): Promise<Me>;
  /** A link that signs a browser in once. */
  signInLink(): Promise<{ url: string }>;
  deploy(request: DeployRequest): Promise<Deployment>;
  deployments(page: {
    project?: string;
    limit?: number;
    before?: string;
  }): Promise<{ deployments: Deployment[]; next: string | null }>;
  deployment(id: string): Promise<Deployment>;
  removeDeployment(id: string): Promise<void>;
  cancel(id: string): Promise<Deployment>;
  promote(id: string): Promise<Deployment>;
  log(id: string, after: number): Promise<{ lines: LogLine[]; done: boolean }>;
  /** All lines behind `after` and every state, until the deployment is final; survives broken connections. */
  follow(id: string, options?: { after?: number; signal?: AbortSignal }): AsyncGenerator<DeploymentEvent>;
  projects(): Promise<ProjectView[]>;
  project(name: string): Promise<ProjectView>;
  updateProject(
    name: string,
    change: { settings?: { [K in keyof ProjectSettings]: string | null }; repository?: string },
  ): Promise<ProjectView>;
  removeProject(name: string): Promise<void>;
  rollback(project: string): Promise<Deployment>;
  variables(project: string): Promise<{ variables: Variable[] }>;
  /** @returns all variables of the project as they are now; so does the next */
  setVariables(project: string, variables: readonly NewVariable[]): Promise<{ variables: Variable[] }>;
  removeVariables(
    project: string,
    which: { names: readonly string[]; context?: Context | undefined },
  ): Promise<{ variables: Variable[] }>;
  protections(project: string): Promise<{ protections: ProtectionView[] }>;
  protect(
    project: string,
    wish: NewProtection,
  ): Promise<{ protection: ProtectionView; token: string | null; protections: ProtectionView[] }>;
  unprotect(project: string, id: string): Promise<{ protections: ProtectionView[] }>;
  /** What answers a URL of a site, and why. @param headers of the request that is imagined */
  explain(what: { url: string; method: string; headers: Record<string, string> }): Promise<Explanation>;
}

type NewProtection = { scope: string } & ({ kind: "password"; password: string } | { kind: "token" });

export type NewVariable = Pick<Variable, "name" | "context" | "secret" | "install"> & { value: string };

export interface ClientOptions {
  /** Base of the platform, without `/api/v1`. */
  url: string;
  token: string;
  requestTimeoutMs?: number;
  /** Wait before the nth try to take a broken log stream up again. */
  reconnectDelayMs?: (attempt: number) => number;
}

export function createClient(options: ClientOptions): Client {
  const call = <T>(method: string, path: string, body?: unknown): Promise<T> =>
    request(options, { method, path, body });
  const deployment = (id: string, rest = "") => `/deployments/${pathPart(id)}${rest}`;
  const project = (name: string, rest = "") => `/projects/${pathPart(name)}${rest}`;
  return {
    url: options.url,
    me: () => call("GET", "/me"),
    signInLink: () => call("POST", "/sign-in-links"),
    deploy: (body) => call("POST", "/deployments", body),
    deployments: (page) => call("GET", `/deployments${query(page)}`),
    deployment: (id) => call("GET", deployment(id)),
    removeDeployment: (id) => call("DELETE", deployment(id)),
    cancel: (id) => call("POST", deployment(id, "/cancel")),
    promote: (id) => call("POST", deployment(id, "/promote")),
    log: (id, after) => call("GET", deployment(id, `/log${query({ after })}`)),
    follow: (id, { after = 0, signal } = {}) =>
      followEvents({
        after,
        signal,
        delayMs: options.reconnectDelayMs ?? ((attempt) => Math.min(5000, 250 * 2 ** attempt)),
        open: (seq) => openStream(options, { path: deployment(id, `/log${query({ after: seq })}`), seq, signal }),
      }),
    projects: async () => (await call<{ projects: ProjectView[] }>("GET", "/projects")).projects,
    project: (name) => call("GET", project(name)),
    updateProject: (name, change) => call("PATCH", project(name), change),
    removeProject: (name) => call("DELETE", project(name)),
    rollback: (name) => call("POST", project(name, "/rollback")),
    variables: (name) => call("GET", project(name, "/variables")),
    setVariables: (name, variables) => call("PUT", project(name, "/variables"), { variables }),
    removeVariables: (name, { names, context }) =>
      call("DELETE", project(name, `/variables${query({ names: names.join(","), context })}`)),
    protections: (name) => call("GET", project(name, "/protection")),
    protect: (name, wish) => call("POST", project(name, "/protection"), wish),
    unprotect: (name, id) => call("DELETE", project(name, `/protection/${pathPart(id)}`)),
    explain: ({ url, method, headers }) =>
      call("GET", `/explain${query({ url, method, headers: JSON.stringify(headers) })}`),
  };
}

/** An address drops empty and dotted parts even when they are escaped, so that another route would be asked. */
function pathPart(name: string): string {
  if (/^\.{0,2}$/.test(name)) {
    throw usageError(
      `'${name}' is neither an id nor a name.`,
      "'berth ls' lists the ids, 'berth projects ls' the names.",
    );
  }
  return encodeURIComponent(name);
}

async function request<T>(
  { url, token, requestTimeoutMs = 60_000 }: ClientOptions,
  { method, path, body }: { method: string; path: string; body?: unknown },
): Promise<T> {
  const response = await send(url, path, {
    method,
    headers: { ...authorization(token), accept: "application/json", "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  if (!response.ok) throw await errorOf(response, url);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw notTheApi(url, "with something that is not JSON");
  }
}

async function openStream(
  { url, token }: ClientOptions,
  { path, seq, signal }: { path: string; seq: number; signal?: AbortSignal },
): Promise<ReadableStream<Uint8Array>> {
  const headers: Record<string, string> = { ...authorization(token), accept: "text/event-stream" };
  if (seq > 0) headers["last-event-id"] = String(seq);
  const response = await send(url, path, { headers, signal });
  if (!response.ok) throw await errorOf(response, url);
  if (response.body === null || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    throw notTheApi(url, "with something that is not an event stream");
  }
  return response.body;
}

/** A redirect is not followed: the token is for this address alone. */
async function send(url: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`${url}/api/v1${path}`, { ...init, redirect: "manual" });
  } catch (cause) {
    const timedOut = cause instanceof DOMException && cause.name === "TimeoutError";
    const reason = timedOut ? "did not answer in time" : "can't be reached";
    throw new BerthError("api_unreachable", `The platform at ${url} ${reason}.`, {
      hint: "Start it with 'berth up', or name another one with --api.",
      cause,
    });
  }
}

async function errorOf(response: Response, url: string): Promise<BerthError> {
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { code?: unknown; message?: unknown; hint?: unknown } }
    | undefined;
  const { code, message, hint } = body?.error ?? {};
  if (typeof code !== "string" || typeof message !== "string") return notTheApi(url, `with status ${response.status}`);
  const known: ErrorCode = code in ERROR_CODES ? (code as ErrorCode) : "internal";
  return new BerthError(known, message, { hint: typeof hint === "string" ? hint : "" });
}

function notTheApi(url: string, what: string): BerthError {
  return new BerthError("api_unreachable", `${url} answered ${what}: this is not Berth's API.`, {
    hint: "Check the address that --api or 'berth login' gave.",
  });
}

const authorization = (token: string): { authorization?: string } =>
  token === "" ? {} : { authorization: `Bearer ${token}` };

function query(values: Record<string, string | number | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
}
