import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type ApiEnv, cookieName } from "./auth.ts";
import type { ApiParts } from "./parts.ts";
import { answer, errorSchema } from "./schemas.ts";

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** /openapi.json: every route behind /api/v1, itself among them. To be called when all others are there. */
export function openApiRoute(app: OpenAPIHono<ApiEnv>, parts: Pick<ApiParts, "version" | "baseUrl">): void {
  const { openAPIRegistry: registry } = app;
  registry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  const session = { type: "apiKey", in: "cookie", name: cookieName(parts) } as const;
  registry.registerComponent("securitySchemes", "session", session);
  registry.register("Error", errorSchema);
  app.openapi(describe, (context) => context.json(documentOf(app, parts.version), 200));
}

/** The methods of the route that has this path, as `Allow` names them; none: there is no such route. */
export function methodsAt({ openAPIRegistry }: OpenAPIHono<ApiEnv>, path: string): string[] {
  const methods = openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== "route") return [];
    const pattern = new RegExp(`^${definition.route.path.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`);
    return pattern.test(path) ? [definition.route.method.toUpperCase()] : [];
  });
  return methods.includes("GET") ? ["HEAD", ...methods] : methods;
}

/** What goes wrong has one form everywhere, which the routes need not repeat. */
function documentOf(app: OpenAPIHono<ApiEnv>, version: string) {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "Berth", version },
    servers: [{ url: "/api/v1" }],
    security: [{ token: [] }, { session: [] }],
  });
  const failure = {
    description: "It failed; docs/errors.md has all codes with their statuses",
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
  };
  for (const path of Object.values(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation?.responses) operation.responses.default = failure;
    }
  }
  return document;
}

const describe = createRoute({
  method: "get",
  path: "/openapi.json",
  summary: "This document",
  responses: { 200: answer(z.looseObject({ openapi: z.string() }), "OpenAPI 3.1") },
});
