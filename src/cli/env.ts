import { defineCommand } from "citty";
import { CONTEXTS, type Context, type Variable } from "../model/variables.ts";
import { commonArguments } from "./arguments.ts";
import { connect } from "./connect.ts";
import { usageError } from "./failure.ts";
import { chooseProject } from "./project-choice.ts";
import { plain, renderAge, renderTable } from "./render.ts";
import { readSecret } from "./secret.ts";

const contextArgument = {
  type: "string",
  valueHint: "production|preview",
  description: "Builds that it is for; without it all",
} as const;

const set = defineCommand({
  meta: { name: "set", description: "Set variables that builds see, from the next deployment on" },
  args: {
    variables: {
      type: "positional",
      required: true,
      valueHint: "KEY=VALUE…",
      description: "Variables; KEY=- takes the value from standard input, where no history of a shell keeps it",
    },
    ...commonArguments,
    context: contextArgument,
    secret: {
      type: "boolean",
      description: "Write-only: shown nowhere, masked in logs, kept out of what is published",
    },
    install: { type: "boolean", description: "The install step gets it too" },
  },
  async run({ args }) {
    const common = {
      context: parseContext(args.context) ?? ("all" as const),
      secret: args.secret ?? false,
      install: args.install ?? false,
    };
    const assignments = parseAssignments(args._);
    const { client, output } = await connect(args);
    const project = await chooseProject(client, { named: args.project, folder: process.cwd() });
    const given = [];
    for (const { name, value } of assignments) {
      given.push({ name, value: value ?? (await readValue(name)), ...common });
    }
    const { variables } = await client.setVariables(project, given);
    output.document({ project, variables });
    if (output.json) return;
    const names = given.map(({ name }) => plain(name)).join(", ");
    const builds = common.context === "all" ? "" : ` for ${common.context}`;
    output.print(`Set ${names}${builds} in ${plain(project)}; it holds from the next deployment on.`);
  },
});

const list = defineCommand({
  meta: { name: "ls", description: "List the variables; values of secrets are never shown" },
  args: { ...commonArguments },
  async run({ args }) {
    const { client, output } = await connect(args);
    const project = await chooseProject(client, { named: args.project, folder: process.cwd() });
    const { variables } = await client.variables(project);
    output.document({ project, variables });
    if (output.json) return;
    if (variables.length === 0) output.print(`${plain(project)} has no variables.`);
    else output.print(renderTable([["NAME", "VALUE", "CONTEXT", "STEPS", "AGE"], ...variables.map(row)]));
  },
});

const remove = defineCommand({
  meta: { name: "rm", description: "Remove variables" },
  args: {
    variables: { type: "positional", required: true, valueHint: "KEY…", description: "Names of variables" },
    ...commonArguments,
    context: { ...contextArgument, description: "Only where it is set for these builds; without it everywhere" },
  },
  async run({ args }) {
    const names = args._;
    const context = parseContext(args.context);
    const { client, output } = await connect(args);
    const project = await chooseProject(client, { named: args.project, folder: process.cwd() });
    await client.removeVariables(project, { names, context });
    output.document({ project, removed: names });
    if (!output.json) output.print(`Removed ${names.map(plain).join(", ")} from ${plain(project)}`);
  },
});

export const env = defineCommand({
  meta: { name: "env", description: "Set, list and remove the variables of a project's builds" },
  subCommands: { set, ls: list, rm: remove },
});

/**
 * `KEY=VALUE` words; a value of `-` alone stands for standard input, which only one of them can have.
 * @throws BerthError `usage`, without the value
 */
export function parseAssignments(words: readonly string[]): { name: string; value: string | undefined }[] {
  const assignments = words.map((word, index) => {
    const equals = word.indexOf("=");
    if (equals < 1) {
      throw usageError(
        `Argument ${index + 1} is not of the form KEY=VALUE.`,
        "Give KEY=VALUE, or KEY=- for a value from standard input.",
      );
    }
    const value = word.slice(equals + 1);
    return { name: word.slice(0, equals), value: value === "-" ? undefined : value };
  });
  if (assignments.filter(({ value }) => value === undefined).length > 1) {
    throw usageError("Only one value can come from standard input.", "Set the variables one by one.");
  }
  return assignments;
}

/** @throws BerthError `usage` */
function parseContext(text: string | undefined): Context | undefined {
  if (text === undefined) return undefined;
  if ((CONTEXTS as readonly string[]).includes(text)) return text as Context;
  throw usageError(`'${text}' is no context.`, `The contexts are: ${CONTEXTS.join(", ")}.`);
}

/** All of standard input but the line end that most programs put last; on a terminal what is typed, unseen. */
async function readValue(name: string): Promise<string> {
  if (process.stdin.isTTY) return await readSecret(`${name}: `);
  return (await Bun.stdin.text()).replace(/\r?\n$/, "");
}

function row({ name, value, context, secret, install, locked, updatedAt }: Variable): string[] {
  return [
    plain(name),
    locked ? "(locked: encrypted with another key)" : secret ? "(secret)" : plain(value ?? "").slice(0, 60),
    context,
    install ? "install, build" : "build",
    renderAge(updatedAt, Date.now()),
  ];
}
