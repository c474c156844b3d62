import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { BerthError } from "../model/errors.ts";
import type { ApiEnv } from "./auth.ts";
import type { ApiParts } from "./parts.ts";
import { answer } from "./schemas.ts";

/** /explain: what answers a URL of a site, and why. */
export function explainRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  app.openapi(explainOne, async (context) => {
    const { url, method, headers } = context.req.valid("query");
    return context.json(
      await parts.explain({ url, method: method.toUpperCase(), headers: parseHeaders(headers) }),
      200,
    );
  });
}

/** @throws BerthError `bad_request` */
function parseHeaders(text: string | undefined): Record<string, string> {
  try {
    const result = z.record(z.string(), z.string()).safeParse(JSON.parse(text ?? "{}"));
    if (result.success) return result.data;
  } catch {
    // said below
  }
  throw new BerthError("bad_request", "headers: is no JSON object of texts.", {
    hint: 'Give it as {"accept-encoding":"br"}.',
  });
}

const sent = z.object({
  status: z.number().nullable().openapi({ description: "null where another server decides it" }),
  headers: z.record(z.string(), z.string()),
});

const explanation = z
  .object({
    request: z.object({
      host: z.string(),
      method: z.string(),
      path: z.string(),
      query: z.string(),
      headers: z.record(z.string(), z.string()),
    }),
    steps: z.array(
      z.object({
        step: z.enum(["host", "pointer", "protection", "deployment", "rule", "entry", "encoding", "headers", "answer"]),
        text: z.string(),
      }),
    ),
    pointer: z.any().openapi({
      type: ["object", "null"],
      description: "The host's: deployment, project, branch, state, generation, updatedAt",
    }),
    protection: z
      .object({
        keys: z.array(z.object({ id: z.string(), scope: z.string(), kind: z.string() })),
        isOpened: z.boolean(),
      })
      .nullable(),
    rule: z.object({ file: z.string(), line: z.number() }).nullable(),
    headerRules: z.array(z.object({ file: z.string(), line: z.number() })),
    entry: z.object({ path: z.string(), sizeBytes: z.number() }).nullable(),
    encoding: z.string().nullable(),
    blob: z.object({ key: z.string(), hash: z.string(), sizeBytes: z.number() }).nullable(),
    proxy: z
      .object({ url: z.string() })
      .nullable()
      .openapi({ description: "The server that answers; it is not asked" }),
    answer: sent,
    behindProtection: sent.nullable().openapi({ description: "The same with a password or token, where one lacks" }),
  })
  .openapi("Explanation");

const explainOne = createRoute({
  method: "get",
  path: "/explain",
  summary: "What answers a URL of a site, and why, step by step",
  request: {
    query: z.object({
      url: z.string().min(1).max(16_384),
      method: z
        .string()
        .regex(/^[A-Za-z]{1,20}$/)
        .default("GET"),
      headers: z
        .string()
        .max(8192)
        .optional()
        .openapi({ description: 'Of the imagined request, as a JSON object: {"accept-encoding":"br"}' }),
    }),
  },
  responses: { 200: answer(explanation, "The steps and the answer") },
});
