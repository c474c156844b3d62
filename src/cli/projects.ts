import { type ArgsDef, defineCommand } from "citty";
import { projectSettingsSchema } from "../model/project.ts";
import { commonArguments } from "./arguments.ts";
import type { ProjectView } from "./client.ts";
import { connect } from "./connect.ts";
import { absoluteSource } from "./deploy.ts";
import { usageError } from "./failure.ts";
import { plain, renderAge, renderTable } from "./render.ts";

const nameArgument = {
  name: { type: "positional", required: true, description: "Name of the project" },
} as const satisfies ArgsDef;

const list = defineCommand({
  meta: { name: "ls", description: "List the projects" },
  args: { ...commonArguments },
  async run({ args }) {
    const { client, output } = await connect(args);
    const projects = await client.projects();
    output.document({ projects });
    if (output.json) return;
    if (projects.length === 0) output.print("No project yet. Make one with: berth deploy SOURCE");
    else output.print(renderTable([["NAME", "URL", "LATEST", "AGE", "REPOSITORY"], ...projects.map(row)]));
  },
});

const set = defineCommand({
  meta: { name: "set", description: "Change settings of a project, from its next deployment on" },
  args: {
    ...nameArgument,
    settings: {
      type: "positional",
      required: true,
      valueHint: "KEY=VALUE…",
      description: "Settings; an empty value clears one. repository=URL makes that the project's own",
    },
    ...commonArguments,
  },
  async run({ args }) {
    const { repository, ...settings } = parseAssignments(args._.slice(1));
    const { client, output } = await connect(args);
    const project = await client.updateProject(args.name, {
      settings,
      ...(repository != null && { repository: absoluteSource(repository) }),
    });
    output.document(project);
    if (output.json) return;
    const rows = Object.entries(project.settings).map(([key, value]) => [plain(key), plain(String(value))]);
    output.print(rows.length === 0 ? `${plain(project.name)} has no settings of its own.` : renderTable(rows));
  },
});

const remove = defineCommand({
  meta: { name: "rm", description: "Remove a project with all its deployments" },
  args: { ...nameArgument, ...commonArguments },
  async run({ args }) {
    const { client, output } = await connect(args);
    await client.removeProject(args.name);
    output.document({ removed: args.name });
    if (!output.json) output.print(`Removed ${plain(args.name)}`);
  },
});

export const projects = defineCommand({
  meta: { name: "projects", description: "List, set up and remove projects" },
  subCommands: { ls: list, set, rm: remove },
});

/**
 * `KEY=VALUE` words as settings; the value may hold further `=`. The API checks the values.
 * @throws BerthError `usage`
 */
export function parseAssignments(words: readonly string[]): Record<string, string | null> {
  const settings: Record<string, string | null> = {};
  const keys = [...Object.keys(projectSettingsSchema.shape), "repository"];
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 1) throw usageError(`'${word}' is not of the form KEY=VALUE.`, `The keys are: ${keys.join(", ")}.`);
    const value = word.slice(equals + 1);
    if (value === "" && word === "repository=")
      throw usageError("A project can't be without a repository.", "Name one.");
    settings[word.slice(0, equals)] = value === "" ? null : value;
  }
  return settings;
}

function row(project: ProjectView): string[] {
  const { name, url, latest, repository, updatedAt } = project;
  return [
    plain(name),
    plain(url),
    latest === null ? "-" : plain(latest.status),
    renderAge(latest?.createdAt ?? updatedAt, Date.now()),
    plain(repository ?? "-"),
  ];
}
