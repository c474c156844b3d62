import { defineCommand } from "citty";
import { type Deployment, isInProduction } from "../model/deployment.ts";
import { commonArguments } from "./arguments.ts";
import type { Client } from "./client.ts";
import { connect } from "./connect.ts";
import { usageError } from "./failure.ts";
import { plain, renderAge, renderDuration, renderSource, renderTable } from "./render.ts";

export const ls = defineCommand({
  meta: { name: "ls", description: "List deployments, the newest first" },
  args: {
    ...commonArguments,
    limit: { type: "string", valueHint: "n", default: "20", description: "How many at most" },
  },
  async run({ args }) {
    const limit = Number(args.limit);
    if (!Number.isInteger(limit) || limit < 1)
      throw usageError("--limit must be a whole number above 0.", "For example: --limit 50");
    const { client, output } = await connect(args);
    const deployments = await listDeployments(client, { project: args.project, limit });
    output.document({ deployments });
    if (output.json) return;
    if (deployments.length === 0) output.print("No deployment yet. Make one with: berth deploy SOURCE");
    else output.print(renderTable([["ID", "PROJECT", "STATUS", "AGE", "TOOK", "SOURCE"], ...deployments.map(row)]));
  },
});

async function listDeployments(
  client: Client,
  { project, limit }: { project: string | undefined; limit: number },
): Promise<Deployment[]> {
  const all: Deployment[] = [];
  let before: string | undefined;
  while (all.length < limit) {
    const page = await client.deployments({ project, limit: Math.min(100, limit - all.length), before });
    all.push(...page.deployments);
    if (page.next === null || page.deployments.length === 0) break;
    before = page.next;
  }
  return all.slice(0, limit);
}

function row(deployment: Deployment): string[] {
  const { id, project, status, createdAt, timings, source } = deployment;
  return [
    id,
    plain(project),
    isInProduction(deployment) ? "ready (prod)" : plain(status),
    renderAge(createdAt, Date.now()),
    timings.totalMs === 0 ? "-" : renderDuration(timings.totalMs),
    renderSource(source),
  ];
}
