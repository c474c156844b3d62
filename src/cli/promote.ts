import { defineCommand } from "citty";
import { commonArguments, idArgument } from "./arguments.ts";
import { connect } from "./connect.ts";
import { renderStart } from "./render.ts";

export const promote = defineCommand({
  meta: { name: "promote", description: "Make a deployment the production deployment" },
  args: { ...idArgument, ...commonArguments },
  async run({ args }) {
    const { client, output } = await connect(args);
    const deployment = await client.promote(args.id);
    output.document(deployment);
    if (!output.json) output.print(`In production now: ${renderStart(deployment, output.color)}`);
  },
});
