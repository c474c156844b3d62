import { randomBytes } from "node:crypto";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { customAlphabet } from "nanoid";
import { findProject } from "../database/projects.ts";
import {
  type Access,
  KINDS,
  type Protection,
  type ProtectionView,
  parsePassword,
  parseScope,
  withoutProtection,
  withProtection,
} from "../model/access.ts";
import { sha256 } from "../model/ids.ts";
import { projectHost } from "../model/site-hosts.ts";
import { changeAccess, getAccess, newAccess } from "../store/access.ts";
import type { ApiEnv } from "./auth.ts";
import type { ApiParts } from "./parts.ts";
import { answer, nameParameter } from "./schemas.ts";

const newId = customAlphabet("0123456789abcdefghijklmnopqrstuvwxyz", 10);
/** OWASP's least for argon2id: a check takes 19 MiB of the process that serves. */
const ARGON2 = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** /projects/{name}/protection: list, add, remove. What was set is never shown again; a token once, when it is made. */
export function protectionRoutes(app: OpenAPIHono<ApiEnv>, parts: ApiParts): void {
  const projectName = async (name: string) => (await findProject(parts.database, name)).name;

  app.openapi(listAll, async (context) => {
    const name = await projectName(context.req.valid("param").name);
    return context.json({ protections: views(await getAccess(parts.store, name)) }, 200);
  });

  app.openapi(addOne, async (context) => {
    const name = await projectName(context.req.valid("param").name);
    const wish = context.req.valid("json");
    const scope = parseScope(wish.scope);
    const common = { id: newId(), scope, createdAt: new Date().toISOString() };
    let added: Protection;
    let token: string | null = null;
    if (wish.kind === "password") {
      const hash = await Bun.password.hash(parsePassword(wish.password), ARGON2);
      added = { ...common, kind: "password", hash };
    } else {
      token = `berth_${randomBytes(32).toString("base64url")}`;
      added = { ...common, kind: "token", hash: sha256(token) };
    }
    const access = await changeAccess(parts.store, name, (now) => withProtection(now ?? newAccess(), added));
    await parts.onHostsMoved([projectHost(name, parts.address)]);
    return context.json({ protection: view(added), token, protections: views(access) }, 201);
  });

  app.openapi(removeOne, async (context) => {
    const { id, ...rest } = context.req.valid("param");
    const name = await projectName(rest.name);
    const access = await changeAccess(parts.store, name, (now) => withoutProtection(now, id));
    await parts.onHostsMoved([projectHost(name, parts.address)]);
    return context.json({ protections: views(access) }, 200);
  });
}

const view = ({ id, scope, kind, createdAt }: Protection): ProtectionView => ({ id, scope, kind, createdAt });
const views = (access: Access | undefined): ProtectionView[] => (access?.protections ?? []).map(view);

const protection = z
  .object({
    id: z.string(),
    scope: z.string().openapi({ description: "all, previews, or branch:NAME" }),
    kind: z.enum(KINDS),
    createdAt: z.string(),
  })
  .openapi("Protection");
const all = "/projects/{name}/protection";
const list = z.object({ protections: z.array(protection) });

const listAll = createRoute({
  method: "get",
  path: all,
  summary: "The passwords and tokens of the project's hosts, without what they are",
  request: { params: nameParameter },
  responses: { 200: answer(list, "The passwords and tokens; none: all hosts are open") },
});

const addOne = createRoute({
  method: "post",
  path: all,
  summary: "Protect hosts by a password, which replaces that of the same scope, or by one more token",
  request: {
    params: nameParameter,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.discriminatedUnion("kind", [
            z.strictObject({ kind: z.literal("password"), scope: z.string(), password: z.string() }),
            z.strictObject({ kind: z.literal("token"), scope: z.string() }),
          ]),
        },
      },
    },
  },
  responses: {
    201: answer(
      list.extend({
        protection,
        token: z.string().nullable().openapi({ description: "Shown this once; null for a password" }),
      }),
      "It holds at once",
    ),
  },
});

const removeOne = createRoute({
  method: "delete",
  path: `${all}/{id}`,
  summary: "Remove a password or token; who came in by it is out at once",
  request: { params: nameParameter.extend({ id: z.string().max(64) }) },
  responses: { 200: answer(list, "What is left") },
});
