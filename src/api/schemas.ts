import { z } from "@hono/zod-openapi";
import { LOG_STEPS, STATUSES } from "../model/deployment.ts";
import { ERROR_CODES, type ErrorCode } from "../model/errors.ts";
import { projectSettingsSchema } from "../model/project.ts";
import { TRUSTS } from "../model/trust.ts";
import { CONTEXTS } from "../model/variables.ts";

/** The forms of the API's answers, for openapi.json; the types themselves live in the model. */
export const idParameter = z.object({ id: z.string().max(64) });
export const nameParameter = z.object({ name: z.string().max(100) });

export const logLineSchema = z
  .object({
    seq: z.number(),
    at: z.string(),
    step: z.enum(LOG_STEPS),
    stream: z.enum(["system", "stdout", "stderr"]),
    text: z.string(),
  })
  .openapi("LogLine");

const CODES = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];
const milliseconds = z.number().openapi({ description: "0 while it has not ended, and where it was not needed" });

const failure = z.object({ code: z.enum(CODES), message: z.string(), hint: z.string() });
export const errorSchema = z.object({ error: failure });

export const deploymentSchema = z
  .object({
    id: z.string(),
    project: z.string(),
    status: z.enum(STATUSES),
    url: z.string(),
    aliases: z.array(z.string()),
    source: z.discriminatedUnion("kind", [
      z.object({
        kind: z.literal("git"),
        url: z.string(),
        branch: z.string().nullable(),
        commit: z.string().nullable(),
      }),
      z.object({ kind: z.literal("folder"), path: z.string() }),
    ]),
    framework: z.string().nullable(),
    packageManager: z.string().nullable(),
    node: z.string().nullable(),
    files: z.number(),
    bytes: z.number(),
    newBytes: z.number(),
    reused: z.boolean(),
    timings: z.object({
      cloneMs: milliseconds,
      uploadMs: milliseconds,
      queueMs: milliseconds,
      installMs: milliseconds,
      buildMs: milliseconds,
      publishMs: milliseconds,
      totalMs: milliseconds,
    }),
    error: failure.nullable(),
    production: z.boolean(),
    trust: z.enum(TRUSTS),
    createdAt: z.string(),
    finishedAt: z.string().nullable(),
    resolved: z.record(z.string(), z.object({ value: z.string().nullable(), from: z.string() })),
    warnings: z.array(z.string()),
    contacted: z.array(
      z.object({
        host: z.string(),
        port: z.number(),
        sentBytes: z.number(),
        receivedBytes: z.number(),
        refused: z.boolean(),
      }),
    ),
  })
  .openapi("Deployment");

export const projectSchema = z
  .object({
    name: z.string(),
    repository: z.string().nullable(),
    settings: projectSettingsSchema,
    productionBranch: z.string().nullable(),
    production: z.object({ deployment: z.string(), url: z.string() }).nullable(),
    url: z.string(),
    createdAt: z.string(),
    updatedAt: z.string(),
    latest: deploymentSchema.nullable(),
  })
  .openapi("Project");

export const variableSchema = z
  .object({
    name: z.string(),
    context: z.enum(CONTEXTS),
    secret: z.boolean(),
    install: z.boolean(),
    value: z.string().nullable().openapi({ description: "null for a secret, and for a locked one" }),
    locked: z.boolean().openapi({ description: "Encrypted with another key than the platform has" }),
    updatedAt: z.string(),
  })
  .openapi("Variable");

export function answer<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}
