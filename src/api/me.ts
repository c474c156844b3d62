import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type ApiEnv, newSignInLink, signOut } from "./auth.ts";
import type { ApiParts } from "./parts.ts";
import { answer } from "./schemas.ts";

/** Who asks, and how browsers come in and go. */
export function meRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  app.openapi(me, (context) =>
    context.json({ ...context.get("caller"), version: parts.version, baseUrl: parts.baseUrl }, 200),
  );

  app.openapi(newLink, async (context) => context.json({ url: await newSignInLink(parts) }, 201));

  app.openapi(leave, async (context) => {
    await signOut(parts, context);
    return context.body(null, 204);
  });
}

const me = createRoute({
  method: "get",
  path: "/me",
  summary: "Who asks, and what answers",
  responses: {
    200: answer(
      z.object({
        kind: z.enum(["token", "session"]),
        name: z.string(),
        version: z.string().openapi({ description: "Of Berth" }),
        baseUrl: z.string().openapi({ description: "Of the website" }),
      }),
      "The caller",
    ),
  },
});

const newLink = createRoute({
  method: "post",
  path: "/sign-in-links",
  summary: "A link that signs a browser in once, within a day",
  responses: { 201: answer(z.object({ url: z.string() }), "The link") },
});

const leave = createRoute({
  method: "post",
  path: "/sign-out",
  summary: "End the session of the cookie",
  responses: { 204: { description: "It is over" } },
});
