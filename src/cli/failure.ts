import { environment } from "../environment.ts";
import { BerthError, type ErrorBody } from "../model/errors.ts";
import { style } from "./output.ts";
import { sanitize } from "./sanitize.ts";

/** Wrong usage of the command line; exit status 2. */
export function usageError(message: string, hint: string): BerthError {
  return new BerthError("usage", message, { hint });
}

/**
 * Prints a failure, as `{"error":{…}}` on stdout with `--json`, else for people on stderr.
 * @returns the exit status: 2 for wrong usage, else 1
 */
export function failWith(thrown: unknown, argv: readonly string[]): 1 | 2 {
  const error = describe(thrown);
  if (argv.includes("--json")) {
    process.stdout.write(`${JSON.stringify({ error })}\n`);
  } else {
    const color = process.stderr.isTTY === true && !environment.noColor;
    process.stderr.write(renderFailure(error, color));
  }
  return error.code === "usage" ? 2 : 1;
}

export function renderFailure(error: ErrorBody, color: boolean): string {
  const paint = style(color);
  const message = error.message.split("\n").map((line) => sanitize(line, { color: false }));
  const hint = error.hint.split("\n").map((line) => sanitize(line, { color: false }));
  return `${paint.red("error")} ${message.join("\n      ")} ${paint.dim(`(${error.code})`)}\n${hint.map((line) => `      ${line}\n`).join("")}`;
}

function describe(thrown: unknown): ErrorBody {
  if (thrown instanceof BerthError) return thrown.toBody();
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: "internal",
    message: `The command line stopped on a fault of its own: ${detail}`,
    hint: "Report it together with the command that was run.",
  };
}
