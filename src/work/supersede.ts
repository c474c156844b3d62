import { type DeploymentView, endDeployment, olderUnfinished } from "../database/deployments.ts";
import type { WorkParts } from "./held-deployment.ts";
import { pointToFailure } from "./host-pointers.ts";

/** Newest wins: older deployments of the same project and branch that have not ended yet are ended. */
export async function supersedeOlder(parts: Omit<WorkParts, "onFault">, newer: DeploymentView): Promise<void> {
  for (const older of await olderUnfinished(parts.database, newer)) {
    const ended = await endDeployment(parts.database, older.id, {
      to: "superseded",
      error: {
        code: "superseded",
        message: `The newer deployment ${newer.id} of the same branch took its place.`,
        hint: "Look at the newer deployment; deploy again if you want this source.",
      },
    });
    if (ended) await pointToFailure(parts, older);
  }
}
