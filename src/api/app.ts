import { OpenAPIHono } from "@hono/zod-openapi";
import { asDatabaseFault } from "../database/postgres.ts";
import { BerthError, ERROR_CODES, toErrorBody } from "../model/errors.ts";
import { type ApiEnv, callerOf, requireCaller, signIn } from "./auth.ts";
import { deploymentRoutes } from "./deployments.ts";
import { explainRoutes } from "./explain.ts";
import { meRoutes } from "./me.ts";
import { methodsAt, openApiRoute } from "./openapi.ts";
import type { ApiParts } from "./parts.ts";
import { projectRoutes } from "./projects.ts";
import { protectionRoutes } from "./protection.ts";
import { variableRoutes } from "./variables.ts";

/** RFC 9110 section 15.5.2: who is refused learns what to come with. */
const CHALLENGE = { "www-authenticate": 'Bearer realm="berth"' };

/** What is served on the base domain beside the API. */
export interface BaseDomain {
  website: { fetch(request: Request): Response | Promise<Response> };
  metrics(): Promise<Response>;
}

/** The HTTP API and the website. Every route but the sign-in needs a caller; the website's shell holds no data. */
export function createApi(
  parts: ApiParts,
  base: BaseDomain,
): { fetch(request: Request): Response | Promise<Response> } {
  const app = new OpenAPIHono<ApiEnv>();
  app.onError((thrown, context) => {
    const body = toErrorBody(
      thrown instanceof BerthError ? thrown : (badRequest(thrown) ?? asDatabaseFault(thrown) ?? thrown),
    );
    if (body.code === "internal" || body.code === "database_unavailable")
      parts.onFault(thrown, { path: context.req.path });
    const { status } = ERROR_CODES[body.code];
    return context.json({ error: body }, status as 500, status === 401 ? CHALLENGE : {});
  });

  app.get("/sign-in", async (context) => {
    // Who only looks whether a link works, as mail filters do, must not use it up.
    if (context.req.method === "HEAD") return context.body(null, 200);
    if (await signIn(parts, context, context.req.query("token") ?? "")) return context.redirect("/", 303);
    return context.html(USED_LINK, 403, { "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" });
  });
  app.get("/metrics", requireCaller(parts), () => base.metrics());

  const api = new OpenAPIHono<ApiEnv>({ defaultHook: (result) => void (result.success || fail(result.error)) });
  api.use("*", requireCaller(parts));
  api.use("*", async (context, next) => {
    await next();
    context.res.headers.set("cache-control", "no-store");
    context.res.headers.set("x-content-type-options", "nosniff");
  });
  meRoutes(api, parts);
  deploymentRoutes(api, parts);
  projectRoutes(api, parts);
  variableRoutes(api, parts);
  protectionRoutes(api, parts);
  explainRoutes(api, parts);
  openApiRoute(api, parts);
  api.all("*", (context) => {
    const methods = methodsAt(api, context.req.path.slice("/api/v1".length));
    if (methods.length > 0) {
      context.header("allow", methods.join(", "));
      throw new BerthError("method_not_allowed", `${context.req.path} does not take ${context.req.method}.`, {
        hint: `It takes ${methods.join(", ")}.`,
      });
    }
    throw new BerthError("not_found", `There is no route ${context.req.method} ${context.req.path}.`, {
      hint: "GET /api/v1/openapi.json describes the API.",
    });
  });
  app.route("/api/v1", api);

  // Browsers show the page all the same; everybody else is told plainly that this needs a session.
  app.all("*", async (context) => {
    const response = await base.website.fetch(context.req.raw);
    const isPage = response.status === 200 && (response.headers.get("content-type") ?? "").startsWith("text/html");
    if (!isPage || (await callerOf(parts, context))) return response;
    response.headers.set("www-authenticate", CHALLENGE["www-authenticate"]);
    return new Response(response.body, { status: 401, headers: response.headers });
  });
  return { fetch: (request) => app.fetch(request) };
}

function fail(error: { issues: { path: PropertyKey[]; message: string }[] }): never {
  const issue = error.issues[0]!;
  const place = issue.path.map(String).join(".") || "the request";
  throw new BerthError("bad_request", `${place}: ${issue.message}.`, {
    hint: "GET /api/v1/openapi.json describes the API.",
  });
}

/** The framework throws errors of its own for a body that is no JSON, or is not said to be. */
function badRequest(thrown: unknown): BerthError | undefined {
  const { status } = thrown as { status?: number };
  if (status === undefined || status < 400 || status > 499) return undefined;
  if (status === 415) {
    return new BerthError("bad_request", "The request body is not said to be JSON.", {
      hint: "Send it with the header 'Content-Type: application/json'.",
    });
  }
  return new BerthError("bad_request", "The request body is no JSON of the documented form.", {
    hint: "GET /api/v1/openapi.json describes the API.",
  });
}

const USED_LINK = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign-in link used</title><style>body{font:1.1rem/1.5 system-ui;max-width:32rem;margin:20vh auto;padding:0 1.5rem;color-scheme:light dark}</style>
<h1>This link does not work any more</h1><p>A sign-in link works once, within a day.
Get a new one on the machine that runs the platform: <code>berth open</code>.</p></html>`;
