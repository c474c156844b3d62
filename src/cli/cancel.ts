import { defineCommand } from "citty";
import { commonArguments, idArgument } from "./arguments.ts";
import { connect } from "./connect.ts";
import { renderStart } from "./render.ts";

export const cancel = defineCommand({
  meta: { name: "cancel", description: "Stop a deployment that is not done" },
  args: { ...idArgument, ...commonArguments },
  async run({ args }) {
    const { client, output } = await connect(args);
    const deployment = await client.cancel(args.id);
    output.document(deployment);
    if (!output.json) output.print(`Canceled: ${renderStart(deployment, output.color)}`);
  },
});
