import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Access } from "../model/access.ts";
import { BerthError } from "../model/errors.ts";
import { encodeJson, readVersioned } from "./json-objects.ts";
import { isKey } from "./keys.ts";
import type { ObjectStore } from "./object-store.ts";

const keyOf = (project: string): string => `access/${project}`;

/**
 * The keys to a project's hosts; undefined when it is open.
 * @throws BerthError `corrupt_object`, or what the store throws: then nobody knows, and nothing may be shown
 */
export async function getAccess(
  store: ObjectStore,
  project: string,
  signal?: AbortSignal,
): Promise<Access | undefined> {
  return (await read(store, project, signal))?.value;
}

/** Changes them by compare-and-set. @param change is called again when somebody else was faster */
export async function changeAccess(
  store: ObjectStore,
  project: string,
  change: (now: Access | undefined) => Access,
): Promise<Access> {
  for (let attempt = 0; ; attempt += 1) {
    const now = await read(store, project);
    const next = change(now?.value);
    const condition = now === undefined ? ({ ifAbsent: true } as const) : { ifMatch: now.etag };
    if ((await store.put(keyOf(project), encodeJson(next), condition)).written) return next;
    await sleep(Math.random() * Math.min(2 ** attempt, 100));
  }
}

/**
 * As `ObjectStore.version`, of a project's keys or of all: a project without keys is one that has none there.
 * @throws what the store throws
 */
export async function accessVersion(store: ObjectStore, project?: string): Promise<string | undefined> {
  return await store.version?.(project === undefined ? "access" : keyOf(project));
}

export const newAccess = (): Access => ({
  version: 1,
  cookieKey: randomBytes(32).toString("base64"),
  protections: [],
});

export async function removeAccess(store: ObjectStore, project: string): Promise<void> {
  await store.delete([keyOf(project)]);
}

async function read(store: ObjectStore, project: string, signal?: AbortSignal) {
  const key = keyOf(project);
  // A name that can't be a key comes from a damaged pointer: that is no reason to open the site.
  const found = isKey(key) ? await readVersioned<Access>(store, key, signal) : { value: undefined, etag: "" };
  if (found === undefined) return undefined;
  const { value, etag } = found;
  if (value !== undefined && typeof value.cookieKey === "string" && Array.isArray(value.protections)) {
    return { value, etag };
  }
  throw new BerthError("corrupt_object", `The object '${key}' is damaged.`, {
    hint: "Restore it from a backup, or set the project's passwords and tokens again after removing it.",
  });
}
