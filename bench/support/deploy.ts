import { join } from "node:path";
import type { Deployment } from "../../src/model/deployment.ts";
import { ROOT, type TestPlatform } from "../../test/support/platform.ts";
import { seconds } from "./report.ts";

export interface MeasuredDeployment {
  /** From the key press to the printed URL. */
  wallMs: number;
  deployment: Deployment;
}

/** By the command line, as a user does. @throws Error with the deployment when it is not ready */
export async function deployMeasured(
  platform: TestPlatform,
  source: string,
  flags: readonly string[] = [],
): Promise<MeasuredDeployment> {
  const command = [join(ROOT, "berth"), "deploy", source, "--json", "--data", platform.dataDirectory, ...flags];
  const start = performance.now();
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "ignore" });
  const deployment = JSON.parse(await new Response(child.stdout).text()) as Deployment;
  const wallMs = performance.now() - start;
  if (deployment.status !== "ready") throw new Error(JSON.stringify(deployment));
  return { wallMs, deployment };
}

/** Where the time of a deployment went. */
export function shares({ timings }: Deployment): string {
  return Object.entries(timings)
    .filter(([, ms]) => ms > 0)
    .map(([step, ms]) => `${step.replace(/Ms$/, "")} ${seconds(ms)}`)
    .join(", ");
}
