import type { HostPointer } from "../../model/host-pointer.ts";
import { type DeploymentId, sha256 } from "../../model/ids.ts";
import type { BlobRef, Encoding, Manifest, ManifestEntry } from "../../model/manifest.ts";
import { ManifestFiles } from "../../model/manifest-files.ts";
import { encodeManifest } from "../../model/manifest-json.ts";
import type { MemoryStore } from "./memory-store.ts";

export const ID = "a0000000000000000001" as DeploymentId;
export const OTHER_ID = "b0000000000000000002" as DeploymentId;

type Content = string | Uint8Array | ({ identity: string } & Partial<Record<Encoding, Uint8Array>>);

/** Writes blobs and a manifest as publishing does. */
export function publishSite(
  store: MemoryStore,
  contents: Record<string, Content>,
  options: Partial<Manifest> = {},
): Manifest {
  const put = (body: string | Uint8Array): BlobRef => {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const hash = sha256(bytes);
    store.set(`blobs/${hash.slice(0, 2)}/${hash}`, bytes);
    return { hash, size: bytes.length };
  };
  const manifest: Manifest = {
    deployment: ID,
    project: "site",
    createdAt: "2026-01-02T03:04:05.678Z",
    htmlHandling: "auto-trailing-slash",
    notFoundHandling: "none",
    compression: "quick",
    files: ManifestFiles.of([]),
    ...options,
  };
  const entries: [string, ManifestEntry][] = [];
  for (const [path, content] of Object.entries(contents)) {
    if (typeof content === "string" || content instanceof Uint8Array) {
      entries.push([path, put(content)]);
      continue;
    }
    const { identity, ...encoded } = content;
    const copies = Object.entries(encoded).map(([name, bytes]) => [name, put(bytes)]);
    entries.push([path, { ...put(identity), encoded: Object.fromEntries(copies) }]);
  }
  manifest.files = ManifestFiles.of(entries);
  store.set(`deployments/${manifest.deployment}/manifest.json`, encodeManifest(manifest));
  return manifest;
}

export function pointHost(store: MemoryStore, host: string, options: Partial<HostPointer> = {}): void {
  const { deployment = ID, state = "ready", ...rest } = options;
  const updatedAt = "2026-01-02T03:04:05.678Z";
  store.set(
    `hosts/${host}`,
    JSON.stringify({ version: 1, deployment, project: "site", state, generation: 1, updatedAt, ...rest }),
  );
}
