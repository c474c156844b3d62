import { defineCommand } from "citty";
import { commonArguments } from "./arguments.ts";
import { connect } from "./connect.ts";
import { chooseProject } from "./project-choice.ts";
import { renderStart } from "./render.ts";

export const rollback = defineCommand({
  meta: { name: "rollback", description: "Put production back to the deployment before" },
  args: { ...commonArguments },
  async run({ args }) {
    const { client, output } = await connect(args);
    const project = await chooseProject(client, { named: args.project, folder: process.cwd() });
    const deployment = await client.rollback(project);
    output.document(deployment);
    if (!output.json) output.print(`In production now: ${renderStart(deployment, output.color)}`);
  },
});
