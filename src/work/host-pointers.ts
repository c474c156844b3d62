import {
  type DeploymentView,
  drawPromotion,
  listEndedWithoutSite,
  listInProduction,
  newestOfBranch,
} from "../database/deployments.ts";
import type { Database } from "../database/postgres.ts";
import type { HostPointer } from "../model/host-pointer.ts";
import { branchHost, deploymentHost, projectHost, type SiteAddress } from "../model/site-hosts.ts";
import { movePointer, removePointer } from "../store/hosts.ts";
import type { ObjectStore } from "../store/object-store.ts";

interface PointerParts {
  store: ObjectStore;
  address: SiteAddress;
}

/** From its making on, a deployment's own host says that it is being built; so do hosts that show nothing else yet. */
export async function pointToBuilding({ store, address }: PointerParts, view: DeploymentView): Promise<void> {
  const pointer = pointerOf(view, "building");
  await movePointer(store, deploymentHost(view.id, address), pointer);
}

export async function pointToFailure({ store, address }: PointerParts, view: DeploymentView): Promise<void> {
  await movePointer(store, deploymentHost(view.id, address), pointerOf(view, "failed"));
}

/**
 * Makes a built deployment live: on its own host always, on its branch's host and in production unless something
 * newer is there.
 * @returns whether it went to production
 */
export async function pointToReady(
  { store, address }: PointerParts,
  view: DeploymentView,
): Promise<{ promoted: boolean }> {
  const pointer = pointerOf(view, "ready");
  // A fork may have a branch of any name: the host of that name is for the project's own.
  const branch = view.fork ? null : view.branch;
  const [production] = await Promise.all([
    view.production ? movePointer(store, projectHost(view.project_name, address), pointer) : "newer-exists",
    movePointer(store, deploymentHost(view.id, address), pointer),
    branch !== null ? movePointer(store, branchHost(branch, view.project_name, address), pointer) : undefined,
  ]);
  return { promoted: production === "moved" };
}

/** Puts a ready deployment into production by somebody's wish: newer than everything that came before it. */
export async function promote(
  { store, address, database }: PointerParts & { database: Database },
  view: DeploymentView,
): Promise<void> {
  const generation = await drawPromotion(database, view.id);
  await movePointer(store, projectHost(view.project_name, address), { ...pointerOf(view, "ready"), generation });
}

/** Takes a deployment off its own host and its branch's, which goes back to the project's own one before. */
export async function takeDownHosts(
  { store, address, database }: PointerParts & { database: Database },
  view: DeploymentView,
): Promise<void> {
  await removePointer(store, deploymentHost(view.id, address), { deployment: view.id });
  if (view.branch === null || view.fork) return;
  const older = await newestOfBranch(database, view);
  const heir = older && pointerOf(older, "ready");
  await removePointer(store, branchHost(view.branch, view.project_name, address), { deployment: view.id, heir });
}

/**
 * Makes the hosts say what the database says, where a crash came between the two: production of every project, and the
 * own hosts of deployments that ended without a site. Safe to call again at any time: a pointer only moves forward.
 */
export async function mendPointers(parts: PointerParts & { database: Database }): Promise<void> {
  const { store, address, database } = parts;
  for (const view of await listInProduction(database)) {
    const pointer = { ...pointerOf(view, "ready"), generation: Number(view.promoted_generation) };
    await movePointer(store, projectHost(view.project_name, address), pointer);
  }
  for (const view of await listEndedWithoutSite(database, new Date(Date.now() - MENDED_MS))) {
    await pointToFailure(parts, view);
  }
}

/** How far back ended deployments are looked at: much longer than a platform takes to come back. */
const MENDED_MS = 24 * 3_600_000;

function pointerOf(view: DeploymentView, state: HostPointer["state"]): HostPointer {
  return {
    version: 1,
    deployment: view.id,
    project: view.project_name,
    branch: view.branch,
    state,
    generation: Number(view.generation),
    updatedAt: new Date().toISOString(),
  };
}
