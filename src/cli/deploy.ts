import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { defineCommand } from "citty";
import type { Deployment } from "../model/deployment.ts";
import { parseSource } from "../model/source.ts";
import { commonArguments } from "./arguments.ts";
import { connect } from "./connect.ts";
import { followDeployment } from "./follow.ts";
import { renderStart } from "./render.ts";
import { createReporter } from "./report.ts";
import { warnOfUncommitted } from "./work-tree.ts";

/** What a shell shows of a command that Ctrl-C ended. */
const SIGINT_STATUS = 130;

export const deploy = defineCommand({
  meta: { name: "deploy", description: "Deploy a git repository or a folder, and wait until it is live" },
  args: {
    source: { type: "positional", required: false, default: ".", description: "Git URL or path" },
    ...commonArguments,
    branch: { type: "string", valueHint: "name", description: "Branch; by default the repository's own" },
    commit: { type: "string", valueHint: "id", description: "Full id of a commit" },
    root: { type: "string", valueHint: "dir", description: "Folder of the site within the repository" },
    prod: { type: "boolean", description: "Make it the production deployment" },
    force: { type: "boolean", description: "Build even if the same files were built before" },
    wait: { type: "boolean", default: true, description: "Wait for the end", negativeDescription: "Return at once" },
  },
  async run({ args }) {
    const source = absoluteSource(args.source);
    const { client, output } = await connect(args);
    if (args.branch === undefined && args.commit === undefined) await warnOfUncommitted(output, source);
    const started = await client.deploy({
      source,
      project: args.project,
      branch: args.branch,
      commit: args.commit,
      root: args.root,
      production: args.prod,
      force: args.force,
    });
    if (!args.wait) {
      output.print(renderStart(started, output.color));
      output.print(goesOn(started));
      output.document(started);
      return 0;
    }
    const reporter = createReporter(output);
    process.once("SIGINT", () => {
      reporter.close();
      process.stderr.write(`${goesOn(started)}\n`);
      process.exit(SIGINT_STATUS);
    });
    const done = await followDeployment(client, started, reporter);
    output.document(done);
    return done.status === "ready" ? 0 : 1;
  },
});

/** The platform works on, whoever looks: without this line a stopped command looks like a stopped deployment. */
const goesOn = ({ id }: Deployment): string =>
  `The deployment goes on: 'berth logs ${id} --follow' shows it, 'berth cancel ${id}' stops it.`;

/**
 * A path is seen from where the command was typed, which the platform does not know.
 * @throws BerthError `source_invalid`, `source_has_credentials`
 */
export function absoluteSource(text: string): string {
  const parsed = parseSource(text);
  if (parsed.kind === "git") return parsed.url;
  return parsed.path.startsWith("~/") ? join(homedir(), parsed.path.slice(2)) : resolve(parsed.path);
}
