import { defineCommand } from "citty";
import type { LogLine } from "../model/deployment.ts";
import { commonArguments, idArgument } from "./arguments.ts";
import { connect } from "./connect.ts";
import { renderLine } from "./render.ts";

export const logs = defineCommand({
  meta: { name: "logs", description: "Print the log of a deployment" },
  args: {
    ...idArgument,
    ...commonArguments,
    follow: { type: "boolean", alias: "f", description: "Go on until the deployment is done" },
  },
  async run({ args }) {
    const { client, output } = await connect(args);
    const lines: LogLine[] = [];
    const show = (line: LogLine): void => {
      if (output.json) lines.push(line);
      else output.print(`${line.step.padEnd(7)} | ${renderLine(line, output.color)}`);
    };
    if (args.follow) {
      for await (const event of client.follow(args.id)) if (event.kind === "line") show(event.line);
    } else {
      let after = 0;
      for (;;) {
        const page = await client.log(args.id, after);
        for (const line of page.lines) show(line);
        const last = page.lines.at(-1)?.seq ?? after;
        if (last === after) break;
        after = last;
      }
    }
    output.document({ lines });
  },
});
