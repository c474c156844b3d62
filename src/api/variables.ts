import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { findProject } from "../database/projects.ts";
import type { VariableRow } from "../database/schema.ts";
import { deleteVariables, keysInUse, listVariables, putVariables } from "../database/variables.ts";
import { BerthError } from "../model/errors.ts";
import { assertVariable, CONTEXTS, type Variable } from "../model/variables.ts";
import { otherKey, type SecretBox } from "../work/secrets.ts";
import type { ApiEnv } from "./auth.ts";
import type { ApiParts } from "./parts.ts";
import { answer, nameParameter, variableSchema } from "./schemas.ts";

/** /projects/{name}/variables: list, set, remove. A secret's value goes in and never comes out. */
export function variableRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const list = async (projectId: string) => {
    const rows = await listVariables(parts.database, projectId);
    const box = rows.length > 0 ? await boxIfAny(parts) : undefined;
    return { variables: rows.map((row) => variableJson(row, box)) };
  };

  app.openapi(listAll, async (context) => {
    const project = await findProject(parts.database, context.req.valid("param").name);
    return context.json(await list(project.id), 200);
  });

  app.openapi(setSome, async (context) => {
    const project = await findProject(parts.database, context.req.valid("param").name);
    const { variables } = context.req.valid("json");
    for (const variable of variables) assertVariable(variable);
    const box = await parts.secrets();
    // Values of two keys side by side could never be read by one platform again.
    if ((await keysInUse(parts.database)).some((keyId) => keyId !== box.keyId)) throw otherKey();
    const rows = variables.map(({ value, ...variable }) => {
      const { keyId, sealed } = box.seal(value, { projectId: project.id, ...variable });
      return { project_id: project.id, ...variable, key_id: keyId, sealed };
    });
    await putVariables(parts.database, project.id, rows);
    return context.json(await list(project.id), 200);
  });

  app.openapi(removeSome, async (context) => {
    const project = await findProject(parts.database, context.req.valid("param").name);
    const { names, context: where } = context.req.valid("query");
    await deleteVariables(parts.database, project.id, { names: [...new Set(names.split(","))], context: where });
    return context.json(await list(project.id), 200);
  });
}

/** Without the key the list still tells what there is, so that it can be removed. */
async function boxIfAny(parts: ApiParts): Promise<SecretBox | undefined> {
  try {
    return await parts.secrets();
  } catch (error) {
    if (error instanceof BerthError && error.code === "secrets_key_wrong") return undefined;
    throw error;
  }
}

function variableJson(row: VariableRow, box: SecretBox | undefined): Variable {
  const { name, context, secret, install } = row;
  const locked = row.key_id !== box?.keyId;
  const place = { projectId: row.project_id, name, context, secret };
  const value =
    secret || locked || box === undefined ? null : box.open({ keyId: row.key_id, sealed: row.sealed }, place);
  return { name, context, secret, install, value, locked, updatedAt: row.updated_at.toISOString() };
}

const all = "/projects/{name}/variables";
const variables = z.object({ variables: z.array(variableSchema) });

const listAll = createRoute({
  method: "get",
  path: all,
  summary: "The project's variables; values of secrets are left out",
  request: { params: nameParameter },
  responses: { 200: answer(variables, "The variables, by name") },
});

const setSome = createRoute({
  method: "put",
  path: all,
  summary: "Set variables, all of them or none; one of the same name and context is replaced",
  request: {
    params: nameParameter,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            variables: z
              .array(
                z.strictObject({
                  name: z.string(),
                  value: z.string(),
                  context: z.enum(CONTEXTS).default("all"),
                  secret: z.boolean().default(false),
                  install: z.boolean().default(false),
                }),
              )
              .min(1)
              .max(100),
          }),
        },
      },
    },
  },
  responses: { 200: answer(variables, "All variables as they are now") },
});

const removeSome = createRoute({
  method: "delete",
  path: all,
  summary: "Remove variables, all of them or none: in one context, or wherever they are set",
  request: {
    params: nameParameter,
    query: z.object({
      names: z.string().min(1).openapi({ description: "Joined by commas" }),
      context: z.enum(CONTEXTS).optional(),
    }),
  },
  responses: { 200: answer(variables, "The variables that are left") },
});
