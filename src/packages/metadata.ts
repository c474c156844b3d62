import { readFile } from "node:fs/promises";
import { gzipSync } from "bun";
import type { DiskStore, Kept } from "./disk-store.ts";
import type { Draft } from "./draft.ts";
import { headOf, type KeptDocument, readHead, readText } from "./kept-document.ts";
import { abbreviate, type Dist, distOfVersion, distsOf, type Packument, pointTo } from "./packument.ts";
import { packumentPath } from "./registry-path.ts";
import { SingleFlight } from "./single-flight.ts";
import { askUpstream, registryOf, type UpstreamSettings } from "./upstream.ts";
import { WeighedGate } from "./weighed-gate.ts";

export const ABBREVIATED_TYPE = "application/vnd.npm.install-v1+json";
const FULL_TYPE = "application/json";

/** A packument is not asked for again within this time. */
const FRESH_MS = 5 * 60_000;
const DOCUMENT_MAX_BYTES = 64 * 1024 ** 2;
/** At most four packuments are in memory at a time, fewer of large ones; parsed, each is several times as large. */
const PARSED_MAX_BYTES = DOCUMENT_MAX_BYTES;
const PARSED_LEAST_BYTES = PARSED_MAX_BYTES / 4;
/** What a document of this size leaves behind is collected at once: the next ones would come before the collector does. */
const LARGE_BYTES = 2 * 1024 ** 2;
/** Versions whose archives are known by heart: an install asks for them soon after their packument. */
const REMEMBERED_VERSIONS = 50_000;

/** As many packuments are asked for at a time, for all builds together. */
const ASKED_AT_ONCE = 64;

interface MetadataParts {
  store: DiskStore;
  upstream: UpstreamSettings;
  /** URL of this cache as package managers see it; ends with a slash. */
  base: string;
  /** Holds back who would have a document in memory. */
  parsing: WeighedGate;
}

/** What documents wait at before they are read into memory. */
export const newParsingGate = (): WeighedGate => new WeighedGate(PARSED_MAX_BYTES, PARSED_LEAST_BYTES);

/** A registry's answer that is no document: its status is passed on. */
export class Refused extends Error {
  constructor(readonly status: number) {
    super(`the registry answered ${status}`);
  }
}

/**
 * Packuments, full and abbreviated ones apart, kept as they are sent: with the cache's own URLs, and gzip'd. They go
 * from the registry to the disk and from the disk to who asked; in memory they are while they are rewritten.
 */
export class Metadata {
  private readonly flights = new SingleFlight<KeptDocument>();
  private readonly asking = new WeighedGate(ASKED_AT_ONCE, 1);
  private readonly dists = new Map<string, Map<string, Dist>>();
  private rememberedVersions = 0;

  constructor(private readonly parts: MetadataParts) {}

  /**
   * The document. A kept one that is no longer fresh still serves while the registry can't be asked.
   * @throws Refused, or an error of the network
   */
  async document(name: string, form: Form): Promise<KeptDocument> {
    const { store, upstream, base } = this.parts;
    const key = JSON.stringify(["document", base, registryOf(upstream, name), name, form]);
    const kept = await store.find(key);
    if (kept !== undefined && Date.now() - kept.checkedAtMs < FRESH_MS) return await readHead(kept);
    return await this.flights.run(key, () => this.asking.run(1, () => this.refresh({ key, name, form, kept })));
  }

  /** Where an archive lies and what it must be, by what was read of the package last, else by the registry. */
  async dist(name: string, version: string): Promise<Dist | undefined> {
    const known = this.dists.get(name)?.get(version);
    if (known !== undefined) return known;
    const { store, upstream } = this.parts;
    const url = `${registryOf(upstream, name)}${packumentPath(name)}/${encodeURIComponent(version)}`;
    const response = await askUpstream(upstream, url, { accept: FULL_TYPE });
    if (response.ok) {
      return await withBody(store, response, (draft) =>
        this.inMemory(draft.size, async () => distOfVersion(parseObject(await readFile(draft.path, "utf8")))),
      );
    }
    await response.body?.cancel();
    // Not every registry knows single versions.
    await this.document(name, "abbreviated");
    return this.dists.get(name)?.get(version);
  }

  /** JSON of one version, or of what a tag stands for. @throws Refused */
  async version(name: string, version: string): Promise<string> {
    const kept = await this.document(name, "full");
    return await this.inMemory(kept.size, async () => {
      const document = parseObject(await readText(kept));
      const tags = document["dist-tags"] as Record<string, string> | undefined;
      const manifest = document.versions?.[version] ?? document.versions?.[tags?.[version] ?? ""];
      if (manifest === undefined) throw new Refused(404);
      return JSON.stringify(manifest);
    });
  }

  private async refresh(wanted: Wanted): Promise<KeptDocument> {
    const { name, form, kept } = wanted;
    const { store, upstream } = this.parts;
    const before = kept && (await readHead(kept));
    try {
      const response = await askUpstream(upstream, registryOf(upstream, name) + packumentPath(name), {
        accept: form === "full" ? FULL_TYPE : `${ABBREVIATED_TYPE}; q=1.0, ${FULL_TYPE}; q=0.8`,
        ...(before?.etag ? { "if-none-match": before.etag } : {}),
      });
      if (response.status === 304 && before !== undefined) {
        await store.noteChecked(kept!);
        return before;
      }
      if (!response.ok) {
        await response.body?.cancel();
        throw new Refused(response.status);
      }
      return await withBody(store, response, (draft) =>
        this.inMemory(draft.size, async () => this.rewrite(wanted, response, await readFile(draft.path, "utf8"))),
      );
    } catch (error) {
      const isAnswer = error instanceof Refused && error.status < 500 && error.status !== 429;
      if (before === undefined || isAnswer) throw error;
      return before;
    }
  }

  /** From the registry's document to the one that is kept. */
  private async rewrite({ key, name, form }: Wanted, { headers }: Response, text: string): Promise<KeptDocument> {
    const { store, base } = this.parts;
    const packument = parseObject(text);
    this.remember(name, distsOf(packument));
    const isLong = form === "abbreviated" && !headers.get("content-type")?.includes(ABBREVIATED_TYPE);
    const sent = pointTo(base, { ...(isLong ? abbreviate(packument) : packument), name });
    const bytes = new TextEncoder().encode(JSON.stringify(sent));
    const draft = await store.draft();
    try {
      await draft.write(headOf({ etag: headers.get("etag") ?? "", size: bytes.length }));
      await draft.write(gzipSync(bytes, { level: 1 }));
      return await readHead(await store.keep(key, draft));
    } finally {
      await store.drop(draft);
    }
  }

  private async inMemory<Result>(size: number, work: () => Promise<Result>): Promise<Result> {
    return await this.parts.parsing.run(size, async () => {
      try {
        return await work();
      } finally {
        if (size > LARGE_BYTES) Bun.gc(true);
      }
    });
  }

  private remember(name: string, dists: Map<string, Dist>): void {
    this.forget(name);
    this.dists.set(name, dists);
    this.rememberedVersions += dists.size;
    while (this.rememberedVersions > REMEMBERED_VERSIONS && this.dists.size > 1) {
      this.forget(this.dists.keys().next().value!);
    }
  }

  private forget(name: string): void {
    this.rememberedVersions -= this.dists.get(name)?.size ?? 0;
    this.dists.delete(name);
  }
}

type Form = "full" | "abbreviated";

interface Wanted {
  /** In the store. */
  key: string;
  name: string;
  form: Form;
  kept: Kept | undefined;
}

/** Works on a body that lies on the disk, for as long as the work takes. */
async function withBody<Result>(
  store: DiskStore,
  response: Response,
  work: (draft: Draft) => Promise<Result>,
): Promise<Result> {
  const draft = await store.draft();
  try {
    await draft.pour(response, DOCUMENT_MAX_BYTES);
    return await work(draft);
  } finally {
    await store.drop(draft);
  }
}

function parseObject(text: string): Packument & { dist?: Dist } {
  const document: unknown = JSON.parse(text);
  if (typeof document !== "object" || document === null) throw new Error("a packument that is no object");
  return document as Packument;
}
