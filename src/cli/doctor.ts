import { defineCommand } from "citty";
import { environment } from "../environment.ts";
import { settingsTable } from "../model/settings.ts";
import { findDataDirectory } from "./connection.ts";
import { checkDataDirectory, checkDisk, checkMemory, checkPort, checkProgram, checkSandbox } from "./doctor-checks.ts";
import { usageError } from "./failure.ts";
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
    json: { type: "boolean", description: "Print exactly one JSON document on stdout" },
    data: { type: "string", valueHint: "dir", description: "Data directory to check" },
    host: { type: "string", valueHint: "address", description: "Address to check the port on" },
    port: { type: "string", valueHint: "number", description: "Port to check" },
  },
  async run({ args }) {
    const output = createOutput({ json: args.json ?? false });
    const port = Number(args.port ?? environment.variables.BERTH_PORT ?? 3000);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw usageError("--port must be a number up to 65535.", "For example: --port 3000");
    const host = args.host ?? environment.variables.BERTH_HOST ?? "127.0.0.1";
    const checks = await examine({ dataDirectory: findDataDirectory(args.data, environment), host, port });
    output.document({ checks });
    if (!output.json) for (const check of checks) output.print(renderCheck(check, output.color));
    return checks.every(({ ok }) => ok) ? 0 : 1;
  },
});

interface Machine {
  dataDirectory: string;
  host: string;
  port: number;
}

async function examine({ dataDirectory, host, port }: Machine): Promise<Check[]> {
  return Promise.all([
    checkProgram({ name: "git", least: "2.25.0", package: "git" }),
    checkProgram({ name: "bwrap", least: "0.8.0", package: "bubblewrap" }),
    checkSandbox({
      uidBase: Number(environment.variables.BERTH_UID_BASE ?? settingsTable.uidBase.fallback),
      sandbox: environment.variables.BERTH_SANDBOX ?? settingsTable.sandbox.fallback,
    }),
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
