import { type CommandDef, renderUsage, runCommand } from "citty";
import { environment } from "../environment.ts";
import { assertArguments } from "./arguments.ts";
import { main } from "./commands.ts";
import { usageError } from "./failure.ts";

/**
 * Finds the command that `argv` names, checks its arguments and runs it.
 * @returns the exit status
 * @throws BerthError `usage`, and whatever the command throws
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const { command, parent, path, rest } = await findCommand(argv);
  const options = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : undefined);
  if (options.includes("--help") || options.includes("-h")) return printUsage(command, parent);
  if (parent === undefined && options.length === 1 && ["--version", "-v"].includes(options[0]!)) {
    process.stdout.write(`${(await resolve(command.meta))?.version}\n`);
    return 0;
  }
  const subCommands = Object.keys((await resolve(command.subCommands)) ?? {});
  if (subCommands.length > 0) throw unknownCommand(path, rest[0], subCommands);
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
    const name = found.rest[0];
    if (name === undefined || !Object.hasOwn(subCommands, name)) return found;
    const command = (await resolve(subCommands[name])) as CommandDef;
    found = { command, parent: found.command, path: [...found.path, name], rest: found.rest.slice(1) };
  }
}

function unknownCommand(path: string[], given: string | undefined, known: string[]) {
  const hint = `The commands are: ${known.join(", ")}. ${hintFor(path)}`;
  if (given === undefined) return usageError(`'${path.join(" ")}' needs a command.`, hint);
  if (given.startsWith("-")) return usageError(`Unknown option '${given}' before the command.`, hint);
  return usageError(`Unknown command '${given}'.`, hint);
}

const hintFor = (path: string[]): string => `See ${path.join(" ")} --help.`;

async function printUsage(command: CommandDef, parent: CommandDef | undefined): Promise<number> {
  const usage = await renderUsage(command, parent);
  const color = process.stdout.isTTY === true && !environment.noColor;
  process.stdout.write(`${color ? usage : Bun.stripANSI(usage)}\n`);
  return 0;
}

async function resolve<T>(value: T | Promise<T> | (() => T | Promise<T>) | undefined): Promise<T | undefined> {
  return typeof value === "function" ? await (value as () => T | Promise<T>)() : await value;
}
