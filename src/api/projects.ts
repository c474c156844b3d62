import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { endDeployment, lastPromoted, listDeployments, withdrawPromotion } from "../database/deployments.ts";
import {
  changeProjectRepository,
  changeProjectSettings,
  deleteProject,
  findProject,
  listProjects,
} from "../database/projects.ts";
import type { ProjectRow } from "../database/schema.ts";
import { isFinal } from "../model/deployment.ts";
import { BerthError } from "../model/errors.ts";
import { parseProjectSettings, projectSettingsSchema } from "../model/project.ts";
import { parseSource } from "../model/source.ts";
import { repositoryName } from "../model/trust.ts";
import { removeAccess } from "../store/access.ts";
import { removeCaches } from "../store/caches.ts";
import { promote, takeDownProject } from "../work/host-pointers.ts";
import type { ApiEnv } from "./auth.ts";
import type { ApiParts } from "./parts.ts";
import { answer, deploymentSchema, nameParameter, projectSchema } from "./schemas.ts";
import { deploymentJson, projectJson } from "./views.ts";

/** /projects: list, read, set, roll back, remove. */
export function projectRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const json = async (row: ProjectRow) => {
    const [latest] = await listDeployments(parts.database, { projectId: row.id, limit: 1 });
    const project = await projectJson(parts.database, row, parts.address);
    return { ...project, latest: latest ? deploymentJson(latest, parts.address) : null };
  };

  app.openapi(listAll, async (context) => {
    const rows = await listProjects(parts.database);
    return context.json({ projects: await Promise.all(rows.map(json)) }, 200);
  });

  app.openapi(readOne, async (context) =>
    context.json(await json(await findProject(parts.database, context.req.valid("param").name)), 200),
  );

  app.openapi(changeOne, async (context) => {
    const { settings, repository } = context.req.valid("json");
    const { name } = context.req.valid("param");
    const entries = Object.entries(settings);
    const unset = entries.filter(([, value]) => value === null).map(([key]) => key);
    for (const key of unset) {
      if (!(key in projectSettingsSchema.shape)) parseProjectSettings({ [key]: "" });
    }
    const set = parseProjectSettings(Object.fromEntries(entries.filter(([, value]) => value !== null)));
    if (repository !== undefined) await changeProjectRepository(parts.database, name, ownRepository(repository));
    return context.json(await json(await changeProjectSettings(parts.database, name, { set, unset })), 200);
  });

  app.openapi(rollBack, async (context) => {
    const project = await findProject(parts.database, context.req.valid("param").name);
    const [current, previous] = await lastPromoted(parts.database, project.id);
    if (current === undefined || previous === undefined) {
      throw new BerthError("conflict", "There is no earlier production deployment to go back to.", {
        hint: "Promote a deployment of your choice instead: berth promote ID",
      });
    }
    await promote(parts, previous);
    await withdrawPromotion(parts.database, current.id);
    const [now] = await lastPromoted(parts.database, project.id, 1);
    return context.json(deploymentJson(now!, parts.address), 200);
  });

  app.openapi(removeOne, async (context) => {
    const project = await findProject(parts.database, context.req.valid("param").name);
    await takeDown(parts, project);
    await removeAccess(parts.store, project.name);
    await removeCaches(parts.store, project.id);
    await deleteProject(parts.database, project.name);
    // A build that saw the project a moment ago may have kept one since; those that end later see that it is gone.
    await removeCaches(parts.store, project.id);
    return context.body(null, 204);
  });
}

/** @throws BerthError `source_invalid`, `source_has_credentials` */
function ownRepository(text: string): string {
  const parsed = parseSource(text);
  if (parsed.kind === "git") return repositoryName(parsed.url);
  if (parsed.path.startsWith("/")) return repositoryName(parsed.path);
  throw new BerthError("source_invalid", `'${parsed.path}' is neither a URL nor an absolute path.`, {
    hint: "Give the repository's URL, or its absolute path on the platform's machine.",
  });
}

/** Ends what runs and removes the hosts and records of every deployment; blobs are shared and stay. */
async function takeDown(parts: ApiParts, project: ProjectRow): Promise<void> {
  const { database, store } = parts;
  for (;;) {
    const page = await listDeployments(database, { projectId: project.id, limit: 200 });
    if (page.length === 0) return;
    for (const view of page) {
      if (!isFinal(view.status)) {
        const error = {
          code: "canceled",
          message: "The project was removed.",
          hint: "Make the project again to deploy it.",
        } as const;
        await endDeployment(database, view.id, { to: "canceled", error });
      }
    }
    await takeDownProject(parts, page);
    for (const { id } of page) {
      await store.delete(["source.json", "manifest.json", "log.jsonl"].map((name) => `deployments/${id}/${name}`));
    }
    await database.query
      .deleteFrom("deployments")
      .where(
        "id",
        "in",
        page.map(({ id }) => id),
      )
      .execute();
  }
}

const one = "/projects/{name}";

const listAll = createRoute({
  method: "get",
  path: "/projects",
  summary: "All projects by name",
  responses: { 200: answer(z.object({ projects: z.array(projectSchema) }), "The projects") },
});

const readOne = createRoute({
  method: "get",
  path: one,
  summary: "One project",
  request: { params: nameParameter },
  responses: { 200: answer(projectSchema, "The project") },
});

const changeOne = createRoute({
  method: "patch",
  path: one,
  summary: "Change its settings or its repository; null takes a setting back",
  request: {
    params: nameParameter,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.strictObject({
            settings: z.record(z.string(), z.string().nullable()).default({}),
            repository: z.string().optional().openapi({ description: "Another repository becomes its own" }),
          }),
        },
      },
    },
  },
  responses: { 200: answer(projectSchema, "The project as it is now") },
});

const rollBack = createRoute({
  method: "post",
  path: `${one}/rollback`,
  summary: "Production goes back to what it showed before",
  request: { params: nameParameter },
  responses: { 200: answer(deploymentSchema, "The deployment that production shows now") },
});

const removeOne = createRoute({
  method: "delete",
  path: one,
  summary: "Remove it with all its deployments",
  request: { params: nameParameter },
  responses: { 204: { description: "It is gone" } },
});
