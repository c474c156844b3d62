import { defineCommand } from "citty";
import { commonArguments, idArgument } from "./arguments.ts";
import { connect } from "./connect.ts";

export const rm = defineCommand({
  meta: { name: "rm", description: "Remove a deployment" },
  args: { ...idArgument, ...commonArguments },
  async run({ args }) {
    const { client, output } = await connect(args);
    await client.removeDeployment(args.id);
    output.document({ removed: args.id });
    if (!output.json) output.print(`Removed ${args.id}`);
  },
});
