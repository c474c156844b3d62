import { type Deployment, isFinal } from "../model/deployment.ts";
import { BerthError } from "../model/errors.ts";
import type { Client } from "./client.ts";
import type { Reporter } from "./report.ts";

/**
 * Shows a deployment's log and states until it is final.
 * @returns the deployment in its final state, whichever that is
 * @throws BerthError when the platform can't be followed any more
 */
export async function followDeployment(
  client: Client,
  deployment: Deployment,
  reporter: Reporter,
): Promise<Deployment> {
  let latest = deployment;
  reporter.deployment(latest);
  try {
    for await (const event of client.follow(deployment.id)) {
      if (event.kind === "line") {
        reporter.line(event.line);
      } else {
        latest = event.deployment;
        if (!isFinal(latest.status)) reporter.deployment(latest);
      }
    }
    if (!isFinal(latest.status)) latest = await client.deployment(deployment.id);
    if (!isFinal(latest.status)) {
      throw new BerthError("api_unreachable", "The platform ended the log before the deployment was done.", {
        hint: `Look at it with 'berth logs ${deployment.id} --follow'.`,
      });
    }
    // Shown last, behind every line: it is what the reader came for.
    reporter.deployment(latest);
    return latest;
  } finally {
    reporter.close();
  }
}
