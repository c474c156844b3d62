import { defineCommand } from "citty";
import { isDeploymentId } from "../model/ids.ts";
import { commonArguments } from "./arguments.ts";
import { connect } from "./connect.ts";
import { chooseProject } from "./project-choice.ts";
import { plain } from "./render.ts";

export const open = defineCommand({
  meta: { name: "open", description: "Print the URL of a deployment or project, and open it in the browser" },
  args: {
    what: { type: "positional", required: false, description: "Id of a deployment, or name of a project" },
    ...commonArguments,
  },
  async run({ args }) {
    const { client, output } = await connect(args);
    const project = async () =>
      client.project(await chooseProject(client, { named: args.what ?? args.project, folder: process.cwd() }));
    const { url } =
      args.what !== undefined && isDeploymentId(args.what) ? await client.deployment(args.what) : await project();
    output.document({ url });
    if (output.json) return;
    output.print(plain(url));
    if (output.interactive && /^https?:\/\//.test(url)) openBrowser(url);
  },
});

/** The URL is printed already: a machine without a browser is no failure. */
function openBrowser(url: string): void {
  const program = Bun.which("xdg-open");
  if (program === null) return;
  Bun.spawn([program, url], { stdio: ["ignore", "ignore", "ignore"] }).unref();
}
