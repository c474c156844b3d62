import { type CommandDef, renderUsage, runCommand } from "citty";
import { assertArguments, commonArguments } from "./arguments.ts";
import { main } from "./commands.ts";
import { usageError } from "./failure.ts";
import { createOutput, type Output } from "./output.ts";

/**
 * Finds the command that `argv` names, checks its arguments and runs it.
 * @returns the exit status
 * @throws BerthError `usage`, and whatever the command throws
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const { command, parent, path, rest } = await findCommand(argv);
  const options = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : undefined);
  const output = createOutput({ json: options.includes("--json") });
  const subCommands = Object.keys((await resolve(command.subCommands)) ?? {});
  const [first] = rest.slice(leadingOptions(rest).length);
  const isUnknown = subCommands.length > 0 && first !== undefined && !first.startsWith("-");
  const asksForHelp = options.includes("--help") || options.includes("-h");
  if (asksForHelp && !isUnknown) return printUsage(output, command, parent);
  if (subCommands.length > 0) {
    if (parent === undefined && (first === "--version" || first === "-v")) return printVersion(output, command);
    throw unknownCommand(path, first, subCommands);
  }
  assertArguments(rest, (await resolve(command.args)) ?? {}, hintFor(path));
  try {
    const { result } = await runCommand(command, { rawArgs: [...rest] });
    return typeof result === "number" ? result : 0;
  } catch (thrown) {
    // citty's own fault of a missing argument.
    if (thrown instanceof Error && thrown.name === "CLIError") throw usageError(`${thrown.message}.`, hintFor(path));
    throw thrown;
  }
}

interface Found {
  command: CommandDef;
  parent: CommandDef | undefined;
  /** The words that led to the command, `berth` first. */
  path: string[];
  rest: readonly string[];
}

async function findCommand(argv: readonly string[]): Promise<Found> {
  let found: Found = { command: main, parent: undefined, path: ["berth"], rest: argv };
  for (;;) {
    const subCommands = (await resolve(found.command.subCommands)) ?? {};
    const leading = leadingOptions(found.rest);
    const [name, ...behind] = found.rest.slice(leading.length);
    if (name === undefined || !Object.hasOwn(subCommands, name)) return found;
    const command = (await resolve(subCommands[name])) as CommandDef;
    found = { command, parent: found.command, path: [...found.path, name], rest: [...leading, ...behind] };
  }
}

/** Options of every command may stand before its name too. */
function leadingOptions(words: readonly string[]): readonly string[] {
  let end = 0;
  for (let word = words[end]; word?.startsWith("--"); word = words[end]) {
    const [name = "", value] = word.slice(2).split("=", 2);
    if (!Object.hasOwn(commonArguments, name)) break;
    const isWhole = value !== undefined || commonArguments[name as keyof typeof commonArguments].type === "boolean";
    end += isWhole ? 1 : 2;
  }
  return words.slice(0, end);
}

function unknownCommand(path: string[], given: string | undefined, known: string[]) {
  const hint = `The commands are: ${known.join(", ")}. ${hintFor(path)}`;
  if (given === undefined) return usageError(`'${path.join(" ")}' needs a command.`, hint);
  if (given.startsWith("-")) return usageError(`Unknown option '${given}' before the command.`, hint);
  return usageError(`Unknown command '${given}'.`, hint);
}

const hintFor = (path: string[]): string => `See ${path.join(" ")} --help.`;

async function printUsage(output: Output, command: CommandDef, parent: CommandDef | undefined): Promise<number> {
  const usage = await renderUsage(command, parent);
  const text = output.color ? usage : Bun.stripANSI(usage);
  output.print(text);
  output.document({ usage: Bun.stripANSI(usage) });
  return 0;
}

async function printVersion(output: Output, command: CommandDef): Promise<number> {
  const version = (await resolve(command.meta))?.version ?? "";
  output.print(version);
  output.document({ version });
  return 0;
}

async function resolve<T>(value: T | Promise<T> | (() => T | Promise<T>) | undefined): Promise<T | undefined> {
  return typeof value === "function" ? await (value as () => T | Promise<T>)() : await value;
}
