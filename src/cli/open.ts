import { defineCommand } from "citty";
import { isDeploymentId } from "../model/ids.ts";
import { commonArguments } from "./arguments.ts";
import { connect } from "./connect.ts";
import { plain } from "./render.ts";

export const open = defineCommand({
  meta: {
    name: "open",
    description: "Open the website signed in, or a project's or deployment's site; prints the URL",
  },
  args: {
    what: { type: "positional", required: false, description: "Id of a deployment, or name of a project" },
    ...commonArguments,
  },
  async run({ args }) {
    const { client, output } = await connect(args);
    const what = args.what ?? args.project;
    const { url } =
      what === undefined
        ? await client.signInLink()
        : isDeploymentId(what)
          ? await client.deployment(what)
          : await client.project(what);
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
