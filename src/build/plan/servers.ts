import { dependsOn } from "./site.ts";
import type { PackageJson, SourceFiles } from "./source-files.ts";

/** Packages of programs that answer requests themselves. */
const SERVERS = ["express", "fastify", "koa", "hono", "@nestjs/core", "@hapi/hapi", "elysia", "@adonisjs/core"];

/** Files that such a program in another language has, and nothing else. */
const SERVER_FILES: [file: string, name: string][] = [
  ["config/application.rb", "Ruby on Rails"],
  ["artisan", "Laravel"],
  ["bin/console", "Symfony"],
  ["manage.py", "Django"],
  ["mix.exs", "Elixir"],
];

/** Folders that compilers write such programs into. */
export const COMPILED = ["dist", "build", "out"];

/** What is to be said of a source that may be one and has no page; undefined of others. */
export function serverHint(packageJson: PackageJson): string | undefined {
  const found = SERVERS.find((name) => dependsOn(packageJson, name));
  return found && hintOf(found);
}

/** The same, told by a file of the source: such a program may have a package.json for its scripts and styles. */
export function otherServer(files: SourceFiles, root: string): { file: string; hint: string } | undefined {
  const found = SERVER_FILES.find(([file]) => files.has(root, file));
  return found && { file: found[0], hint: hintOf(found[1]) };
}

function hintOf(name: string): string {
  return `A server made with ${name} can't run here: deploy its pages, if a build can write them as files.`;
}
