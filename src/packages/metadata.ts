import { open, writeFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "bun";
import type { DiskStore, Kept } from "./disk-store.ts";
import { abbreviate, type Dist, distOfVersion, distsOf, type Packument, pointTo } from "./packument.ts";
import { packumentPath } from "./registry-path.ts";
import { SingleFlight } from "./single-flight.ts";
import { askUpstream, registryOf, type UpstreamSettings } from "./upstream.ts";

export const ABBREVIATED_TYPE = "application/vnd.npm.install-v1+json";
const FULL_TYPE = "application/json";

/** A packument is not asked for again within this time. */
const FRESH_MS = 5 * 60_000;
const DOCUMENT_MAX_BYTES = 256 * 1024 ** 2;
/** Packages whose archives are known by heart: an install asks for them soon after their packument. */
const REMEMBERED_PACKAGES = 500;

interface MetadataParts {
  store: DiskStore;
  upstream: UpstreamSettings;
  /** URL of this cache as package managers see it; ends with a slash. */
  base: string;
}

/** A registry's answer that is no document: its status is passed on. */
export class Refused extends Error {
  constructor(readonly status: number) {
    super(`the registry answered ${status}`);
  }
}

/** Packuments, full and abbreviated ones apart, kept as they are sent: with the cache's own URLs, and gzip'd. */
export class Metadata {
  private readonly flights = new SingleFlight<Uint8Array<ArrayBuffer>>();
  private readonly dists = new Map<string, Map<string, Dist>>();

  constructor(private readonly parts: MetadataParts) {}

  /**
   * The gzip'd document. A kept one that is no longer fresh still serves while the registry can't be asked.
   * @throws Refused, or an error of the network
   */
  async document(name: string, form: "full" | "abbreviated"): Promise<Uint8Array<ArrayBuffer>> {
    const { store, upstream, base } = this.parts;
    const key = JSON.stringify(["packument", base, registryOf(upstream, name), name, form]);
    const kept = await store.find(key);
    if (kept !== undefined && Date.now() - kept.checkedAtMs < FRESH_MS) return (await readKept(kept)).body;
    return await this.flights.run(key, () => this.refresh({ key, name, form, kept }));
  }

  /** Where an archive lies and what it must be, by what was read of the package last, else by the registry. */
  async dist(name: string, version: string): Promise<Dist | undefined> {
    const known = this.dists.get(name)?.get(version);
    if (known !== undefined) return known;
    const { upstream } = this.parts;
    const url = `${registryOf(upstream, name)}${packumentPath(name)}/${encodeURIComponent(version)}`;
    const response = await askUpstream(upstream, url, { accept: FULL_TYPE });
    if (response.ok) return distOfVersion((await response.json()) as { dist?: Dist });
    await response.body?.cancel();
    // Not every registry knows single versions.
    await this.document(name, "abbreviated");
    return this.dists.get(name)?.get(version);
  }

  /** One version, or what a tag stands for. @throws Refused */
  async version(name: string, version: string): Promise<Uint8Array<ArrayBuffer>> {
    const document = JSON.parse(new TextDecoder().decode(gunzipSync(await this.document(name, "full")))) as Packument;
    const tags = document["dist-tags"] as Record<string, string> | undefined;
    const manifest = document.versions?.[version] ?? document.versions?.[tags?.[version] ?? ""];
    if (manifest === undefined) throw new Refused(404);
    return gzipSync(new TextEncoder().encode(JSON.stringify(manifest)));
  }

  private async refresh(wanted: {
    key: string;
    name: string;
    form: "full" | "abbreviated";
    kept: Kept | undefined;
  }): Promise<Uint8Array<ArrayBuffer>> {
    const { key, name, form, kept } = wanted;
    const { store, upstream, base } = this.parts;
    const before = kept && (await readKept(kept));
    try {
      const response = await askUpstream(upstream, registryOf(upstream, name) + packumentPath(name), {
        accept: form === "full" ? FULL_TYPE : `${ABBREVIATED_TYPE}; q=1.0, ${FULL_TYPE}; q=0.8`,
        ...(before?.etag ? { "if-none-match": before.etag } : {}),
      });
      if (response.status === 304 && before !== undefined) {
        await store.noteChecked(kept!);
        return before.body;
      }
      if (!response.ok) {
        await response.body?.cancel();
        throw new Refused(response.status);
      }
      const packument = await readDocument(response);
      this.remember(name, distsOf(packument));
      const isLong = form === "abbreviated" && !response.headers.get("content-type")?.includes(ABBREVIATED_TYPE);
      const sent = pointTo(base, { ...(isLong ? abbreviate(packument) : packument), name });
      const body = gzipSync(new TextEncoder().encode(JSON.stringify(sent)), { level: 1 });
      await this.keep(key, { etag: response.headers.get("etag") ?? "", body });
      return body;
    } catch (error) {
      const isAnswer = error instanceof Refused && error.status < 500 && error.status !== 429;
      if (before === undefined || isAnswer) throw error;
      return before.body;
    }
  }

  private async keep(key: string, { etag, body }: Document): Promise<void> {
    const draft = this.parts.store.draft();
    await writeFile(draft, Buffer.concat([Buffer.from(`${JSON.stringify({ etag })}\n`), body]), { mode: 0o600 });
    await this.parts.store.keep(key, draft);
  }

  private remember(name: string, dists: Map<string, Dist>): void {
    this.dists.delete(name);
    this.dists.set(name, dists);
    if (this.dists.size > REMEMBERED_PACKAGES) this.dists.delete(this.dists.keys().next().value!);
  }
}

interface Document {
  etag: string;
  /** gzip'd. */
  body: Uint8Array<ArrayBuffer>;
}

/** A line of JSON, then the body. */
async function readKept({ path }: Kept): Promise<Document> {
  const file = await open(path, "r");
  try {
    const bytes = new Uint8Array(await file.readFile());
    const end = bytes.indexOf(10);
    const { etag } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as { etag: string };
    return { etag, body: bytes.slice(end + 1) };
  } finally {
    await file.close();
  }
}

async function readDocument(response: Response): Promise<Packument> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > DOCUMENT_MAX_BYTES) throw new Error("a packument that is too large");
    chunks.push(chunk);
  }
  const document: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  if (typeof document !== "object" || document === null) throw new Error("a packument that is no object");
  return document as Packument;
}
