import { setTimeout as sleep } from "node:timers/promises";
import type { HostPointer } from "../model/host-pointer.ts";
import type { DeploymentId } from "../model/ids.ts";
import { encodeJson, readVersioned } from "./json-objects.ts";
import { isKey } from "./keys.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * What stands in the place of a removed pointer. The object stays, since stores have no conditional delete: a plain
 * one could take away the pointer that another worker wrote a moment before. Its generation keeps out workers of the
 * removed deployment that are late.
 */
interface RemovedPointer {
  version: 1;
  removed: true;
  generation: number;
}

type Stored = HostPointer | RemovedPointer;

const LONGEST_WAIT_MS = 100;

const hostKey = (hostname: string): string => `hosts/${hostname}`;

/** What a host shows, or undefined when it shows nothing: never did, was removed, or can't be the name of a host. */
export async function getHostPointer(
  store: ObjectStore,
  hostname: string,
  signal?: AbortSignal,
): Promise<{ pointer: HostPointer; etag: string } | undefined> {
  if (!isKey(hostname) || hostname.includes("/")) return undefined;
  const found = await readVersioned<Stored>(store, hostKey(hostname), signal);
  return found === undefined || "removed" in found.value ? undefined : { pointer: found.value, etag: found.etag };
}

/**
 * Moves a host to a deployment by compare-and-set. Only forward: to a higher generation, or within one generation of
 * one deployment from `building` to `ready` or `failed`. To be told the same again is "moved" too.
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
    if (await swap(store, { hostname, next: pointer, etag: now?.etag })) return "moved";
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
    const now = await getHostPointer(store, hostname);
    if (now?.pointer.deployment !== deployment) return "not-there";
    const { generation } = now.pointer;
    const next: Stored = heir ? { ...heir, generation } : { version: 1, removed: true, generation };
    if (await swap(store, { hostname, next, etag: now.etag })) return "removed";
    await backOff(attempt);
  }
}

function decide(now: Stored, next: HostPointer): "write" | "moved" | "newer-exists" {
  if (next.generation !== now.generation) return next.generation > now.generation ? "write" : "newer-exists";
  if ("removed" in now || now.deployment !== next.deployment) return "newer-exists";
  if (now.state === next.state) return "moved";
  return now.state === "building" ? "write" : "newer-exists";
}

async function swap(
  store: ObjectStore,
  { hostname, next, etag }: { hostname: string; next: Stored; etag: string | undefined },
): Promise<boolean> {
  const condition = etag === undefined ? ({ ifAbsent: true } as const) : { ifMatch: etag };
  return (await store.put(hostKey(hostname), encodeJson(next), condition)).written;
}

/** Every lost race is another's success, so this ends; the wait keeps racers from meeting again at once. */
function backOff(attempt: number): Promise<void> {
  return sleep(Math.random() * Math.min(2 ** attempt, LONGEST_WAIT_MS));
}
