import type { DiskStore, Kept } from "./disk-store.ts";
import type { Draft } from "./draft.ts";
import { IntegrityCheck } from "./integrity.ts";
import { type Metadata, Refused } from "./metadata.ts";
import type { Dist } from "./packument.ts";
import { tarballPath } from "./registry-path.ts";
import { SingleFlight } from "./single-flight.ts";
import { askUpstream, registryOf, type UpstreamSettings } from "./upstream.ts";
import { WeighedGate } from "./weighed-gate.ts";

const TARBALL_MAX_BYTES = 1024 ** 3;
/** As many archives are fetched at a time, for all builds together; each has a connection, a file and some buffers. */
export const FETCHED_AT_ONCE = 64;

interface TarballParts {
  store: DiskStore;
  upstream: UpstreamSettings;
  metadata: Metadata;
}

/** Archives of versions, which never change once they are published: one that was kept is never asked for again. */
export class Tarballs {
  private readonly flights = new SingleFlight<Kept>();
  private readonly fetching = new WeighedGate(FETCHED_AT_ONCE, 1);

  constructor(private readonly parts: TarballParts) {}

  /** @throws Refused: 502 when the bytes are not those that the registry's own metadata names */
  async file(name: string, version: string): Promise<Kept> {
    const registry = registryOf(this.parts.upstream, name);
    const key = JSON.stringify(["tarball", registry, name, version]);
    return (
      (await this.parts.store.find(key)) ??
      (await this.flights.run(key, () => this.fetching.run(1, () => this.fetch(key, { name, version }))))
    );
  }

  /** The archive is fetched from where it usually lies while the registry is asked what it must be. */
  private async fetch(key: string, { name, version }: { name: string; version: string }): Promise<Kept> {
    const { store, upstream, metadata } = this.parts;
    const usual = registryOf(upstream, name) + tarballPath(name, version);
    const draft = await store.draft();
    try {
      const [dist, first] = await Promise.all([metadata.dist(name, version), this.download(usual, draft)]);
      if (dist === undefined) throw new Refused(404);
      const check = "check" in first ? first.check : await this.elsewhere(dist, { usual, draft, refusal: first });
      if (!check.matches(dist)) throw new Refused(502);
      return await store.keep(key, draft);
    } finally {
      await store.drop(draft);
    }
  }

  private async elsewhere(
    { tarball }: Dist,
    { usual, draft, refusal }: { usual: string; draft: Draft; refusal: { status: number } },
  ): Promise<IntegrityCheck> {
    if (tarball === usual || !/^https?:/.test(tarball)) throw new Refused(refusal.status);
    const second = await this.download(tarball, draft);
    if ("check" in second) return second.check;
    throw new Refused(second.status);
  }

  private async download(url: string, draft: Draft): Promise<{ check: IntegrityCheck } | { status: number }> {
    const response = await askUpstream(this.parts.upstream, url, { "accept-encoding": "identity" });
    if (!response.ok) {
      await response.body?.cancel();
      return { status: response.status };
    }
    const check = new IntegrityCheck();
    await draft.pour(response, TARBALL_MAX_BYTES, (chunk) => check.update(chunk));
    return { check };
  }
}
