import { parseArgs } from "node:util";
import type { ArgsDef } from "citty";
import { usageError } from "./failure.ts";

/** Options of every command that talks to a platform. */
export const commonArguments = {
  json: { type: "boolean", description: "Print exactly one JSON document on stdout" },
  api: { type: "string", valueHint: "url", description: "Address of the platform" },
  token: { type: "string", valueHint: "token", description: "Token for the API" },
  data: { type: "string", valueHint: "dir", description: "Data directory of a platform on this machine" },
  project: { type: "string", valueHint: "name", description: "Name of the project" },
} as const satisfies ArgsDef;

export const idArgument = {
  id: { type: "positional", required: true, description: "Id of the deployment" },
} as const satisfies ArgsDef;

/** A positional by one of these names takes every argument that is left. */
const REST = ["settings", "variables"];

/**
 * Refuses what the definitions do not name: citty itself lets unknown options, missing values and surplus arguments
 * through.
 * @throws BerthError `usage`
 */
export function assertArguments(rawArgs: readonly string[], definitions: ArgsDef, hint: string): void {
  const names = Object.entries(definitions);
  const positionals = names.filter(([, { type }]) => type === "positional");
  const options = names.filter(([, { type }]) => type !== "positional");
  let given: string[];
  let values: Record<string, unknown>;
  try {
    const parsed = parseArgs({
      args: [...rawArgs],
      options: Object.fromEntries(
        options.map(([name, definition]) => [
          name,
          {
            type: definition.type === "boolean" ? ("boolean" as const) : ("string" as const),
            multiple: definition.type !== "boolean",
            ...("alias" in definition && typeof definition.alias === "string" && { short: definition.alias }),
          },
        ]),
      ),
      allowPositionals: true,
      allowNegative: true,
    });
    given = parsed.positionals;
    values = parsed.values;
  } catch (thrown) {
    // The first sentence names the option; the rest is advice on node's own API.
    const said = (thrown as Error).message.split(/\. |\n/)[0]!.replace(/\.$/, "");
    const dashed = /^Option '(--[\w-]+).*' argument is ambiguous$/.exec(said)?.[1];
    if (dashed !== undefined) {
      throw usageError(
        `Option '${dashed}' needs a value; one that begins with a dash is given as ${dashed}=VALUE.`,
        hint,
      );
    }
    throw usageError(`${said}.`, hint);
  }
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value) && value.includes("")) throw usageError(`Option '--${name}' needs a value.`, hint);
  }
  const takesRest = positionals.some(([name]) => REST.includes(name));
  if (given.length > positionals.length && !takesRest) {
    throw usageError(`Unexpected argument '${given[positionals.length]}'.`, hint);
  }
}

/** All values of an option that may be given more than once, in their order. */
export function repeatedOption(rawArgs: readonly string[], name: string): string[] {
  const { values } = parseArgs({
    args: [...rawArgs],
    options: { [name]: { type: "string", multiple: true } },
    strict: false,
    allowPositionals: true,
  });
  const given = values[name];
  return Array.isArray(given) ? given.filter((value) => typeof value === "string") : [];
}
