import { defineCommand } from "citty";
import type { Explanation } from "../model/explanation.ts";
import { commonArguments, repeatedOption } from "./arguments.ts";
import { connect } from "./connect.ts";
import { usageError } from "./failure.ts";
import { style } from "./output.ts";
import { plain, renderTable } from "./render.ts";

export const explain = defineCommand({
  meta: { name: "explain", description: "Tell what answers a URL of a site, and why, step by step" },
  args: {
    url: { type: "positional", required: true, description: "URL of a site, such as http://blog.localhost:3000/about" },
    method: { type: "string", valueHint: "GET", description: "Method of the imagined request; GET by default" },
    header: {
      type: "string",
      valueHint: "NAME: VALUE",
      description: "Header of the imagined request, such as 'Accept-Encoding: br'; may be given more than once",
    },
    ...commonArguments,
  },
  async run({ args, rawArgs }) {
    const headers = parseHeaders(repeatedOption(rawArgs, "header"));
    const { client, output } = await connect(args);
    const explanation = await client.explain({ url: args.url, method: args.method ?? "GET", headers });
    output.document(explanation);
    if (!output.json) output.print(renderExplanation(explanation, output.color));
  },
});

/** @throws BerthError `usage` */
export function parseHeaders(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const colon = text.indexOf(":");
      if (colon < 1)
        throw usageError(`'${text}' is not of the form NAME: VALUE.`, "Give --header 'Accept-Encoding: br'.");
      return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
    }),
  );
}

export function renderExplanation({ request, steps, answer, behindProtection }: Explanation, color: boolean): string {
  const paint = style(color);
  const shown = behindProtection ?? answer;
  const title = behindProtection === null ? "Headers" : "Headers with a password or token";
  const headers = Object.entries(shown.headers).map(([name, value]) => [plain(name), plain(value)]);
  return [
    paint.bold(plain(`${request.method} ${request.host}${request.path}${request.query}`)),
    renderTable(steps.map(({ step, text }) => [step, plain(text)])),
    ...(headers.length === 0 ? [] : ["", paint.bold(title), renderTable(headers)]),
  ].join("\n");
}
