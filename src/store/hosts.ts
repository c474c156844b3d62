import { setTimeout as sleep } from "node:timers/promises";
import { earlierAfter, type HostPointer, type RemovedPointer } from "../model/host-pointer.ts";
import type { DeploymentId } from "../model/ids.ts";
import { encodeJson, readVersioned, withChecksum } from "./json-objects.ts";
import { isKey } from "./keys.ts";
import type { ObjectStore } from "./object-store.ts";

type Stored = HostPointer | RemovedPointer;

const LONGEST_WAIT_MS = 100;

export const hostKey = (hostname: string): string => `hosts/${hostname}`;

/** What a host shows, or undefined when it shows nothing: never did, was removed, or can't be the name of a host. */
export async function getHostPointer(
  store: ObjectStore,
  hostname: string,
  signal?: AbortSignal,
): Promise<HostPointer | undefined> {
  const found = await readHost(store, hostname, signal);
  return found === undefined || "removed" in found ? undefined : found;
}

/** The same, with what a removal left: it tells how old another answer is. */
export async function readHost(
  store: ObjectStore,
  hostname: string,
  signal?: AbortSignal,
): Promise<HostPointer | RemovedPointer | undefined> {
  if (!isKey(hostname) || hostname.includes("/")) return undefined;
  return (await readVersioned<Stored>(store, hostKey(hostname), signal))?.value;
}

/**
 * Moves a host to a deployment by compare-and-set. Only forward: to a higher generation, or within one generation of
 * one deployment from `building` to `ready` or `failed`. To be told the same again is "moved" too. What it replaces is
 * remembered in it.
 */
export async function movePointer(
  store: ObjectStore,
  hostname: string,
  pointer: HostPointer,
): Promise<"moved" | "newer-exists"> {
  for (let attempt = 0; ; attempt += 1) {
    const now = await readVersioned<Stored>(store, hostKey(hostname));
    const move = now === undefined ? "write" : decide(now.value, pointer);
    if (move !== "write") return move;
    if (await swap(store, { hostname, next: following(now?.value, pointer), etag: now?.etag })) return "moved";
    await backOff(attempt);
  }
}

/**
 * Takes the host away from a deployment; does nothing when it shows another one. An heir takes its place under the same
 * generation, so that whatever was made later still moves the host.
 */
export async function removePointer(
  store: ObjectStore,
  hostname: string,
  { deployment, heir }: { deployment: DeploymentId; heir?: HostPointer | undefined },
): Promise<"removed" | "not-there"> {
  for (let attempt = 0; ; attempt += 1) {
    const now = await readVersioned<Stored>(store, hostKey(hostname));
    if (now === undefined || "removed" in now.value || now.value.deployment !== deployment) return "not-there";
    const { generation, move = 0 } = now.value;
    const next: Stored = heir
      ? { ...following({ ...now.value, state: "failed" }, heir), generation }
      : { version: 1, removed: true, generation, move: move + 1 };
    if (await swap(store, { hostname, next, etag: now.etag })) return "removed";
    await backOff(attempt);
  }
}

/** A deployment that was deleted is no longer among those whose assets the host still serves. */
export async function forgetEarlier(store: ObjectStore, hostname: string, deployment: DeploymentId): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const now = await readVersioned<Stored>(store, hostKey(hostname));
    if (now === undefined || "removed" in now.value) return;
    const { earlier = [], move = 0 } = now.value;
    const kept = earlier.filter((one) => one.deployment !== deployment);
    if (kept.length === earlier.length) return;
    const next = { ...now.value, move: move + 1, earlier: kept };
    if (await swap(store, { hostname, next, etag: now.etag })) return;
    await backOff(attempt);
  }
}

function decide(now: Stored, next: HostPointer): "write" | "moved" | "newer-exists" {
  if (next.generation !== now.generation) return next.generation > now.generation ? "write" : "newer-exists";
  if ("removed" in now || now.deployment !== next.deployment) return "newer-exists";
  if (now.state === next.state) return "moved";
  return now.state === "building" ? "write" : "newer-exists";
}

/** The pointer as it is written over `now`. */
function following(now: Stored | undefined, pointer: HostPointer): HostPointer {
  const next = { ...pointer, move: (now?.move ?? 0) + 1 };
  const earlier = now === undefined || "removed" in now ? [] : earlierAfter(now, next);
  return earlier.length === 0 ? next : { ...next, earlier };
}

async function swap(
  store: ObjectStore,
  { hostname, next, etag }: { hostname: string; next: Stored; etag: string | undefined },
): Promise<boolean> {
  const condition = etag === undefined ? ({ ifAbsent: true } as const) : { ifMatch: etag };
  return (await store.put(hostKey(hostname), withChecksum(encodeJson(next)), condition)).written;
}

/** Every lost race is another's success, so this ends; the wait keeps racers from meeting again at once. */
function backOff(attempt: number): Promise<void> {
  return sleep(Math.random() * Math.min(2 ** attempt, LONGEST_WAIT_MS));
}
