import { type DeploymentView, drawPromotion } from "../database/deployments.ts";
import type { Database } from "../database/postgres.ts";
import type { HostPointer } from "../model/host-pointer.ts";
import { branchHost, deploymentHost, projectHost, type SiteAddress } from "../model/site-hosts.ts";
import { movePointer } from "../store/hosts.ts";
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

function pointerOf(view: DeploymentView, state: HostPointer["state"]): HostPointer {
  return {
    version: 1,
    deployment: view.id,
    project: view.project_name,
    state,
    generation: Number(view.generation),
    updatedAt: new Date().toISOString(),
  };
}
