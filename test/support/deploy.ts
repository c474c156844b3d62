import { setTimeout as sleep } from "node:timers/promises";
import { type Deployment, isFinal } from "../../src/model/deployment.ts";
import type { TestPlatform } from "./platform.ts";

/** Asks for a deployment by the API. @throws with the answer when it is refused */
export async function requestDeployment(platform: TestPlatform, wish: Record<string, unknown>): Promise<Deployment> {
  const response = await platform.api("/deployments", { method: "POST", body: JSON.stringify(wish) });
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Deployment;
}

/** Waits until a deployment is final. */
export async function waitForEnd(platform: TestPlatform, id: string): Promise<Deployment> {
  return await waitFor(platform, id, ({ status }) => isFinal(status));
}

export async function waitFor(
  platform: TestPlatform,
  id: string,
  isReached: (deployment: Deployment) => boolean,
): Promise<Deployment> {
  for (;;) {
    const deployment = (await (await platform.api(`/deployments/${id}`)).json()) as Deployment;
    if (isReached(deployment)) return deployment;
    await sleep(50);
  }
}

export async function deployAndWait(platform: TestPlatform, wish: Record<string, unknown>): Promise<Deployment> {
  return await waitForEnd(platform, (await requestDeployment(platform, wish)).id);
}

export async function logOf(platform: TestPlatform, id: string): Promise<string> {
  const { lines } = (await (await platform.api(`/deployments/${id}/log`)).json()) as { lines: { text: string }[] };
  return lines.map(({ text }) => text).join("\n");
}
