import { defineCommand } from "citty";
import { environment } from "../environment.ts";
import { BerthError } from "../model/errors.ts";
import { parseSettings, type Settings } from "../model/settings.ts";
import { readConfigFile } from "../server/data-directory.ts";
import { commonArguments } from "./arguments.ts";
import { findDataDirectory } from "./connection.ts";
import { checkDataDirectory, checkDisk, checkMemory, checkPort, checkProgram, checkSandbox } from "./doctor-checks.ts";
import { createOutput, style } from "./output.ts";
import { plain } from "./render.ts";

/** One finding about the machine: `hint` says how to get what is missing, and is empty when all is well. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
  hint: string;
}

export const doctor = defineCommand({
  meta: { name: "doctor", description: "Check this machine: what is missing, and how to get it" },
  args: {
    ...commonArguments,
    data: { ...commonArguments.data, description: "Data directory to check" },
    api: { ...commonArguments.api, description: "Without effect: this machine is checked" },
    token: { ...commonArguments.token, description: "Without effect, as --api" },
    project: { ...commonArguments.project, description: "Without effect, as --api" },
    host: { type: "string", valueHint: "address", description: "Address to check the port on" },
    port: { type: "string", valueHint: "number", description: "Port to check" },
  },
  async run({ args }) {
    const output = createOutput({ json: args.json ?? false });
    const dataDirectory = findDataDirectory(args.data, environment);
    const flags = {
      ...(args.port !== undefined && { port: args.port }),
      ...(args.host !== undefined && { host: args.host }),
    };
    const { settings, check } = await readSettings(dataDirectory, flags);
    const checks = [check, ...(await examine(settings))];
    output.document({ checks });
    if (!output.json) for (const check of checks) output.print(renderCheck(check, output.color));
    return checks.every(({ ok }) => ok) ? 0 : 1;
  },
});

/** As `up` would read them; where they are wrong, the rest is checked by the flags and the defaults. */
async function readSettings(
  dataDirectory: string,
  flags: { port?: string; host?: string },
): Promise<{ settings: Settings; check: Check }> {
  const name = "settings";
  try {
    const file = await readConfigFile(dataDirectory);
    const settings = parseSettings({ dataDirectory, flags, variables: environment.variables, file });
    return { settings, check: { name, ok: true, detail: "as docs/settings.md has them", hint: "" } };
  } catch (thrown) {
    if (!(thrown instanceof BerthError) || thrown.code === "usage") throw thrown;
    const { message: detail, hint } = thrown;
    const settings = parseSettings({ dataDirectory, flags, variables: {}, file: undefined });
    return { settings, check: { name, ok: false, detail, hint } };
  }
}

async function examine({ dataDirectory, host, port, uidBase, sandbox }: Settings): Promise<Check[]> {
  return Promise.all([
    checkProgram({ name: "git", least: "2.25.0", package: "git" }),
    checkProgram({ name: "bwrap", least: "0.8.0", package: "bubblewrap" }),
    checkSandbox({ uidBase, sandbox }),
    checkProgram({ name: "node", least: "20.0.0", package: "nodejs" }),
    checkProgram({ name: "npm", least: "9.0.0", package: "npm" }),
    checkDataDirectory(dataDirectory),
    checkDisk(dataDirectory),
    checkMemory(),
    checkPort({ dataDirectory, host, port }),
  ]);
}

export function renderCheck({ name, ok, detail, hint }: Check, color: boolean): string {
  const paint = style(color);
  const mark = ok ? paint.green("✓") : paint.red("✗");
  return `${mark} ${name.padEnd(14)} ${plain(detail)}${hint === "" ? "" : `\n  ${" ".repeat(14)} ${plain(hint)}`}`;
}
