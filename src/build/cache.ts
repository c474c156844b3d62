import { projectExists } from "../database/projects.ts";
import type { Tree } from "../model/tree.ts";
import type { RunLimits, Sandbox, SlotFolders } from "../sandbox/sandbox.ts";
import {
  type CacheKind,
  type CacheLane,
  listCaches,
  putCache,
  removeCaches,
  type StoredCache,
  surplusCaches,
} from "../store/caches.ts";
import type { HeldDeployment, WorkParts } from "../work/held-deployment.ts";
import type { BuildInputs } from "./build-key.ts";
import { type ArchivePlace, pack, unpackInstall, unpackWork } from "./cache-archive.ts";
import { installName, workFolders, workName } from "./cache-name.ts";
import type { BuildPlan } from "./plan/plan.ts";

export interface CacheLimits {
  /** Compressed bytes of one project's caches; 0 keeps none. */
  projectBytes: number;
  /** Of all projects' together. */
  totalBytes: number;
}

/** What builds of a project leave for the next one. Nothing that goes wrong with it fails a build. */
export interface BuildCache {
  /** Puts back what an install of the very same inputs wrote. @returns milliseconds, or undefined: install */
  restoreInstall(): Promise<number | undefined>;
  /** Puts the frameworks' own caches back; after the install, since some installs clear node_modules. */
  restoreWork(): Promise<void>;
  /** After success, and once the site is live. What was installed is kept only where its inputs decide it (`install`). */
  save(kept: { install: boolean }): Promise<void>;
}

export interface CacheParts extends WorkParts {
  limits: RunLimits;
  cacheLimits: CacheLimits;
  temporaryDirectory: string;
}

interface CacheInputs {
  sandbox: Sandbox;
  slot: number;
  folders: SlotFolders;
  tree: Tree;
  readFile(path: string): Promise<string | undefined>;
  plan: BuildPlan & { kind: "build" };
  /** Full versions by the tool's name. */
  tools: Readonly<Record<string, string>>;
  /** What the project declares for each step. */
  variables: BuildInputs["variables"];
  /** A fork gets nothing back and leaves nothing: caches are made after builds that were told secrets. */
  trust: CacheLane | "fork";
}

export async function openBuildCache(
  parts: CacheParts,
  held: HeldDeployment,
  inputs: CacheInputs,
): Promise<BuildCache> {
  const { view, log, signal } = held;
  const { sandbox, slot, plan, trust } = inputs;
  const place: ArchivePlace = { ...parts, sandbox, slot, spoolDirectory: inputs.folders.cache };
  const names = await namesFor(inputs);
  // A branch may hold what nobody has looked at: production takes nothing from it. A preview takes production's first,
  // so that what it gives may go live by reuse.
  const lane: CacheLane = trust === "fork" ? "preview" : trust;
  const isOff = parts.cacheLimits.projectBytes === 0 || trust === "fork";
  const stored = isOff || view.force ? [] : await listCaches(parts.store, view.project_id);
  const find = (kind: CacheKind): StoredCache | undefined => {
    const fitting = stored.filter((cache) => cache.kind === kind && cache.name === names[kind]);
    const lanes: CacheLane[] = lane === "preview" ? ["production", "preview"] : ["production"];
    return lanes.map((one) => fitting.find((cache) => cache.lane === one)).find((cache) => cache !== undefined);
  };
  const restore = async (kind: CacheKind): Promise<number | undefined> => {
    const cache = find(kind);
    if (cache === undefined) return undefined;
    const start = performance.now();
    if (cache.lane === "preview") await held.advance({ findings: { restored_preview: true } });
    try {
      const object = await parts.store.get(cache.key);
      if (object === undefined) return undefined;
      const unpack = kind === "install" ? unpackInstall : unpackWork;
      await unpack(place, { archive: object.stream(), signal });
      return Math.round(performance.now() - start);
    } catch (error) {
      signal.throwIfAborted();
      log.say("install", `The ${kind} cache is dropped: ${reasonOf(error)}.`);
      stored.splice(stored.indexOf(cache), 1);
      await parts.store.delete([cache.key]).catch((fault) => parts.onFault(fault, { work: "drop a cache" }));
      return undefined;
    }
  };
  const saveOne = async (kind: CacheKind): Promise<void> => {
    const name = names[kind];
    const found = find(kind);
    if (name === undefined || (found !== undefined && (kind === "install" || found.lane !== lane))) return;
    const maxBytes = parts.cacheLimits.projectBytes;
    const archive = await pack(place, { kind, folders: kind === "work" ? workFolders(plan) : [], maxBytes });
    try {
      await putCache(parts.store, { projectId: view.project_id, lane, kind, name }, archive.file);
    } finally {
      await archive.remove();
    }
  };
  return {
    async restoreInstall() {
      return names.install === undefined ? undefined : await restore("install");
    },
    async restoreWork() {
      await restore("work");
    },
    async save({ install }) {
      if (isOff) return;
      for (const kind of install ? (["install", "work"] as const) : (["work"] as const)) {
        await saveOne(kind).catch((error) => log.say("publish", `The ${kind} cache is not kept: ${reasonOf(error)}.`));
      }
      await tidyUp(parts, view.project_id).catch((fault) => parts.onFault(fault, { work: "evict caches" }));
    },
  };
}

async function namesFor({ tree, readFile, plan, tools, variables }: CacheInputs) {
  const { entries } = tree;
  const paths = entries.map(({ path }) => path).filter((path) => /(^|\/)package\.json$/.test(path));
  const manifests = await Promise.all(paths.map(async (path) => (await readFile(path)) ?? ""));
  return {
    install: installName({ entries, plan, tools, variables, manifests }),
    work: workName(plan, { tools, variables: variables.build }),
  };
}

/** The project may have been removed while its caches were written. */
async function tidyUp({ store, database, cacheLimits }: CacheParts, projectId: string): Promise<void> {
  if (!(await projectExists(database, projectId))) await removeCaches(store, projectId);
  await store.delete(surplusCaches(await listCaches(store), cacheLimits));
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
