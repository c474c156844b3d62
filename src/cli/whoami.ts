import { defineCommand } from "citty";
import { commonArguments } from "./arguments.ts";
import { connect } from "./connect.ts";
import { plain } from "./render.ts";

export const whoami = defineCommand({
  meta: { name: "whoami", description: "Show which platform is used, and as whom" },
  args: { ...commonArguments },
  async run({ args }) {
    const { client, output } = await connect(args);
    const me = await client.me();
    output.document(me);
    if (!output.json)
      output.print(`${plain(me.name)} (${plain(me.kind)}) at ${client.url}, Berth ${plain(me.version)}`);
  },
});
