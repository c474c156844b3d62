import { dependsOn } from "./site.ts";
import type { PackageJson } from "./source-files.ts";

/** Packages of programs that answer requests themselves. */
const SERVERS = ["express", "fastify", "koa", "hono", "@nestjs/core", "@hapi/hapi", "elysia", "@adonisjs/core"];

/** Folders that compilers write such programs into. */
export const COMPILED = ["dist", "build", "out"];

/** What is to be said of a source that may be one and has no page; undefined of others. */
export function serverHint(packageJson: PackageJson): string | undefined {
  const found = SERVERS.find((name) => dependsOn(packageJson, name));
  return found && `A server made with ${found} can't run here: deploy its pages, if a build can write them as files.`;
}
