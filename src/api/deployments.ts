import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { deleteDeployment, endDeployment, findDeployment, listDeployments } from "../database/deployments.ts";
import { findProject } from "../database/projects.ts";
import { isFinal } from "../model/deployment.ts";
import { BerthError } from "../model/errors.ts";
import type { ManifestFiles } from "../model/manifest-files.ts";
import { getManifest } from "../store/deployments.ts";
import { pointToFailure, promote, takeDownHosts } from "../work/host-pointers.ts";
import { archiveLog } from "../work/log.ts";
import type { ApiEnv } from "./auth.ts";
import { createDeployment } from "./create-deployment.ts";
import { readLog, streamLog } from "./log-stream.ts";
import type { ApiParts } from "./parts.ts";
import { answer, deploymentSchema, idParameter, logLineSchema } from "./schemas.ts";
import { deploymentJson } from "./views.ts";

/** /deployments: make, list, read, follow, cancel, promote, remove. */
export function deploymentRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const json = (view: Parameters<typeof deploymentJson>[0]) => deploymentJson(view, parts.address);

  app.openapi(createOne, async (context) => {
    const view = await createDeployment(parts, context.req.valid("json"));
    return context.json(json(view), 201);
  });

  app.openapi(listAll, async (context) => {
    const { project, before, limit } = context.req.valid("query");
    const projectId = project === undefined ? undefined : (await findProject(parts.database, project)).id;
    const beforeGeneration =
      before === undefined ? undefined : (await findDeployment(parts.database, before)).generation;
    const rows = await listDeployments(parts.database, {
      limit: limit + 1,
      ...(projectId !== undefined && { projectId }),
      ...(beforeGeneration !== undefined && { beforeGeneration }),
    });
    const page = rows.slice(0, limit);
    return context.json({ deployments: page.map(json), next: rows.length > limit ? page.at(-1)!.id : null }, 200);
  });

  app.openapi(readOne, async (context) =>
    context.json(json(await findDeployment(parts.database, context.req.valid("param").id)), 200),
  );

  app.openapi(readItsLog, async (context) => {
    const { id } = context.req.valid("param");
    const lastSeen = context.req.header("last-event-id") ?? "";
    const after = /^\d{1,9}$/.test(lastSeen) ? Number(lastSeen) : context.req.valid("query").after;
    if (!(context.req.header("accept") ?? "").includes("text/event-stream")) {
      return context.json(await readLog(parts, id, after), 200);
    }
    await findDeployment(parts.database, id);
    return streamLog(parts, id, { after, signal: context.req.raw.signal }) as never;
  });

  app.openapi(listFiles, async (context) => {
    const { prefix, after, limit } = context.req.valid("query");
    const view = await findDeployment(parts.database, context.req.valid("param").id);
    const files = (await getManifest(parts.store, view.id))?.files;
    const numbers = files === undefined ? [] : numbersAfter(files, { prefix, after, limit: limit + 1 });
    const page = numbers.slice(0, limit).map((number) => {
      const { hash, size, encoded = {} } = files!.entryAt(number);
      const sizes = Object.fromEntries(Object.entries(encoded).map(([name, ref]) => [name, ref.size]));
      return { path: files!.pathAt(number), size, hash: hash as string, encoded: sizes };
    });
    const next = numbers.length > limit ? page.at(-1)!.path : null;
    return context.json({ files: page, next, total: files?.count ?? 0 }, 200);
  });

  app.openapi(cancelOne, async (context) => {
    const view = await findDeployment(parts.database, context.req.valid("param").id);
    const error = {
      code: "canceled",
      message: "Somebody canceled the deployment.",
      hint: "Deploy again when you want it.",
    } as const;
    if (!(await endDeployment(parts.database, view.id, { to: "canceled", error }))) {
      throw new BerthError("conflict", "The deployment has ended already.", {
        hint: "There is nothing left to cancel.",
      });
    }
    await pointToFailure(parts, view);
    return context.json(json(await findDeployment(parts.database, view.id)), 200);
  });

  app.openapi(promoteOne, async (context) => {
    const view = await findDeployment(parts.database, context.req.valid("param").id);
    if (view.status !== "ready") {
      throw new BerthError("conflict", `The deployment is ${view.status}, not ready.`, {
        hint: "Only a ready deployment can be promoted.",
      });
    }
    if (!view.in_production) await promote(parts, view);
    return context.json(json(await findDeployment(parts.database, view.id)), 200);
  });

  app.openapi(removeOne, async (context) => {
    const view = await findDeployment(parts.database, context.req.valid("param").id);
    if (!isFinal(view.status)) {
      throw new BerthError("conflict", "The deployment is still running.", {
        hint: `Cancel it first: berth cancel ${view.id}`,
      });
    }
    if (view.in_production) {
      throw new BerthError("conflict", "Production shows this deployment.", {
        hint: "Promote another one or roll back first.",
      });
    }
    await takeDownHosts(parts, view);
    await archiveLog(parts, view.id);
    await parts.store.delete(
      ["source.json", "manifest.json", "log.jsonl"].map((name) => `deployments/${view.id}/${name}`),
    );
    await deleteDeployment(parts.database, view.id);
    return context.body(null, 204);
  });
}

function numbersAfter(
  files: ManifestFiles,
  { prefix, after, limit }: { prefix: string; after: string; limit: number },
): number[] {
  const numbers: number[] = [];
  for (let number = 0; number < files.count && numbers.length < limit; number += 1) {
    const path = files.pathAt(number);
    if (path > after && path.startsWith(prefix)) numbers.push(number);
  }
  return numbers;
}

const path = "/deployments";
const one = `${path}/{id}`;

const createOne = createRoute({
  method: "post",
  path,
  summary: "Deploy a source",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            source: z.string().max(2_000).openapi({ description: "A git URL, or a path on the platform's machine." }),
            project: z.string().max(100).optional(),
            branch: z.string().max(200).optional(),
            commit: z.string().max(64).optional(),
            root: z.string().max(500).optional(),
            production: z.boolean().optional(),
            force: z.boolean().optional(),
          }),
        },
      },
    },
  },
  responses: { 201: answer(deploymentSchema, "The deployment, pending") },
});

const listAll = createRoute({
  method: "get",
  path,
  summary: "Deployments, newest first",
  request: {
    query: z.object({
      project: z.string().optional(),
      before: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(200).default(30),
    }),
  },
  responses: {
    200: answer(z.object({ deployments: z.array(deploymentSchema), next: z.string().nullable() }), "A page"),
  },
});

const readOne = createRoute({
  method: "get",
  path: one,
  summary: "One deployment",
  request: { params: idParameter },
  responses: { 200: answer(deploymentSchema, "The deployment") },
});

const readItsLog = createRoute({
  method: "get",
  path: `${one}/log`,
  summary: "Its log, as JSON or, with Accept: text/event-stream, live",
  request: {
    params: idParameter,
    query: z.object({ after: z.coerce.number().int().min(0).max(2_147_483_647).default(0) }),
  },
  responses: {
    200: {
      description: "Lines after a number; live: events `line`, `deployment` and `end`, which a Last-Event-ID resumes",
      content: {
        "application/json": { schema: z.object({ lines: z.array(logLineSchema), done: z.boolean() }) },
        "text/event-stream": { schema: z.string() },
      },
    },
  },
});

const listFiles = createRoute({
  method: "get",
  path: `${one}/files`,
  summary: "What it serves",
  request: {
    params: idParameter,
    query: z.object({
      prefix: z.string().default(""),
      after: z.string().default(""),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
  },
  responses: {
    200: answer(
      z.object({
        files: z.array(
          z.object({ path: z.string(), size: z.number(), hash: z.string(), encoded: z.record(z.string(), z.number()) }),
        ),
        next: z.string().nullable(),
        total: z.number(),
      }),
      "A page of files by path",
    ),
  },
});

const cancelOne = createRoute({
  method: "post",
  path: `${one}/cancel`,
  summary: "Stop it",
  request: { params: idParameter },
  responses: { 200: answer(deploymentSchema, "The canceled deployment") },
});

const promoteOne = createRoute({
  method: "post",
  path: `${one}/promote`,
  summary: "Put it into production",
  request: { params: idParameter },
  responses: { 200: answer(deploymentSchema, "The deployment in production") },
});

const removeOne = createRoute({
  method: "delete",
  path: one,
  summary: "Remove it",
  request: { params: idParameter },
  responses: { 204: { description: "It is gone" } },
});
