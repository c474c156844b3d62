import { defineCommand } from "citty";
import type { Deployment } from "../model/deployment.ts";
import { commonArguments, idArgument } from "./arguments.ts";
import { connect } from "./connect.ts";
import { style } from "./output.ts";
import { plain, renderBytes, renderDuration, renderSource, renderTable } from "./render.ts";

export const inspect = defineCommand({
  meta: { name: "inspect", description: "Show all that is known of a deployment" },
  args: { ...idArgument, ...commonArguments },
  async run({ args }) {
    const { client, output } = await connect(args);
    const deployment = await client.deployment(args.id);
    output.document(deployment);
    if (!output.json) output.print(renderDeployment(deployment, output.color));
  },
});

export function renderDeployment(deployment: Deployment, color: boolean): string {
  const paint = style(color);
  const section = (title: string, rows: string[][]): string[] =>
    rows.length === 0 ? [] : ["", paint.bold(title), renderTable(rows)];
  return [
    renderTable(facts(deployment)),
    ...section(
      "Timings",
      timesOf(deployment).map(([name, ms]) => [name.replace(/Ms$/, ""), renderDuration(ms)]),
    ),
    ...section(
      "Settings",
      Object.entries(deployment.resolved).map(([name, { value, from }]) => [
        plain(name),
        value === null ? "-" : plain(value),
        `from ${plain(from)}`,
      ]),
    ),
    ...section(
      "Network",
      deployment.contacted.map(({ host, port, sentBytes, receivedBytes, refused }) => [
        plain(`${host}:${port}`),
        refused ? "refused" : `${renderBytes(sentBytes)} sent, ${renderBytes(receivedBytes)} received`,
      ]),
    ),
    ...section(
      "Warnings",
      deployment.warnings.map((warning) => [plain(warning)]),
    ),
  ].join("\n");
}

const timesOf = ({ timings }: Deployment) => Object.entries(timings).filter(([, ms]) => ms > 0);

function facts(deployment: Deployment): string[][] {
  const { error } = deployment;
  const optional = (name: string, value: string | null): string[][] => (value === null ? [] : [[name, plain(value)]]);
  return [
    ["id", deployment.id],
    ["project", plain(deployment.project)],
    ["status", `${plain(deployment.status)}${deployment.production ? " (for production)" : ""}`],
    ["trust", deployment.trust],
    ["url", plain(deployment.url)],
    ...deployment.aliases.map((alias) => ["alias", plain(alias)]),
    ["source", renderSource(deployment.source)],
    ...optional("framework", deployment.framework),
    ...optional("package manager", deployment.packageManager),
    ...optional("node", deployment.node),
    ["files", String(deployment.files)],
    ["size", `${renderBytes(deployment.bytes)}, ${renderBytes(deployment.newBytes)} new in the store`],
    ["reused", deployment.reused ? "yes" : "no"],
    ["created", deployment.createdAt],
    ...optional("finished", deployment.finishedAt),
    ...optional("error", error && `${error.message} (${error.code})`),
    ...optional("hint", error?.hint ?? null),
  ];
}
