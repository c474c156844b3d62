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
import { forgetEarlier, movePointer, removePointer } from "../store/hosts.ts";
import type { ObjectStore } from "../store/object-store.ts";

interface PointerParts {
  store: ObjectStore;
  address: SiteAddress;
  /** Tells the request handlers, here and elsewhere, that these hosts have moved. Never rejects: they look by themselves too. */
  onHostsMoved(hosts: readonly string[]): Promise<void>;
}

/** From its making on, a deployment's own host says that it is being built. */
export async function pointToBuilding(parts: PointerParts, view: DeploymentView): Promise<void> {
  await move(parts, deploymentHost(view.id, parts.address), pointerOf(view, "building"));
}

export async function pointToFailure(parts: PointerParts, view: DeploymentView): Promise<void> {
  await move(parts, deploymentHost(view.id, parts.address), pointerOf(view, "failed"));
}

/**
 * Makes a built deployment live: on its own host always, on its branch's host and in production unless something
 * newer is there.
 * @returns whether it went to production
 */
export async function pointToReady(parts: PointerParts, view: DeploymentView): Promise<{ promoted: boolean }> {
  const { address } = parts;
  const pointer = pointerOf(view, "ready");
  // A fork may have a branch of any name: the host of that name is for the project's own.
  const branch = view.fork ? null : view.branch;
  const [production] = await Promise.all([
    view.production ? move(parts, projectHost(view.project_name, address), pointer) : "newer-exists",
    move(parts, deploymentHost(view.id, address), pointer),
    branch !== null ? move(parts, branchHost(branch, view.project_name, address), pointer) : undefined,
  ]);
  return { promoted: production === "moved" };
}

/** Puts a ready deployment into production by somebody's wish: newer than everything that came before it. */
export async function promote(parts: PointerParts & { database: Database }, view: DeploymentView): Promise<void> {
  const generation = await drawPromotion(parts.database, view.id);
  await move(parts, projectHost(view.project_name, parts.address), { ...pointerOf(view, "ready"), generation });
}

/**
 * Takes a deployment off its own host and its branch's, which goes back to the project's own one before, and out of
 * what other hosts remember of it.
 */
export async function takeDownHosts(parts: PointerParts & { database: Database }, view: DeploymentView): Promise<void> {
  const { store, address, database, onHostsMoved } = parts;
  const hosts = [deploymentHost(view.id, address), projectHost(view.project_name, address)];
  await removePointer(store, hosts[0]!, { deployment: view.id });
  await forgetEarlier(store, hosts[1]!, view.id);
  if (view.branch !== null && !view.fork) {
    const older = await newestOfBranch(database, view);
    const heir = older && pointerOf(older, "ready");
    const host = branchHost(view.branch, view.project_name, address);
    await removePointer(store, host, { deployment: view.id, heir });
    await forgetEarlier(store, host, view.id);
    hosts.push(host);
  }
  await onHostsMoved(hosts);
}

/** Takes every host off the deployments of a project that is removed. */
export async function takeDownProject(parts: PointerParts, views: readonly DeploymentView[]): Promise<void> {
  const { store, address, onHostsMoved } = parts;
  const moved: string[] = [];
  for (const view of views) {
    const hosts = [deploymentHost(view.id, address), projectHost(view.project_name, address)];
    if (view.branch !== null) hosts.push(branchHost(view.branch, view.project_name, address));
    for (const host of hosts) await removePointer(store, host, { deployment: view.id });
    moved.push(...hosts);
  }
  await onHostsMoved(moved);
}

/**
 * Makes the hosts say what the database says, where a crash came between the two: production of every project, and the
 * own hosts of deployments that ended without a site. Safe to call again at any time: a pointer only moves forward.
 */
export async function mendPointers(parts: PointerParts & { database: Database }): Promise<void> {
  const { address, database } = parts;
  for (const view of await listInProduction(database)) {
    const pointer = { ...pointerOf(view, "ready"), generation: Number(view.promoted_generation) };
    await move(parts, projectHost(view.project_name, address), pointer);
  }
  for (const view of await listEndedWithoutSite(database, new Date(Date.now() - MENDED_MS))) {
    await pointToFailure(parts, view);
  }
}

/** How far back ended deployments are looked at: much longer than a platform takes to come back. */
const MENDED_MS = 24 * 3_600_000;

async function move({ store, onHostsMoved }: PointerParts, host: string, pointer: HostPointer) {
  const result = await movePointer(store, host, pointer);
  if (result === "moved") await onHostsMoved([host]);
  return result;
}

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
