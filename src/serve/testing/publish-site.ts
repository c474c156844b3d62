import { type DeploymentId, sha256 } from "../../model/ids.ts";
import type { BlobRef, Encoding, Manifest } from "../../model/manifest.ts";
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
    version: 1,
    deployment: ID,
    project: "site",
    createdAt: "2026-01-02T03:04:05.678Z",
    htmlHandling: "auto-trailing-slash",
    notFoundHandling: "none",
    files: {},
    ...options,
  };
  for (const [path, content] of Object.entries(contents)) {
    if (typeof content === "string" || content instanceof Uint8Array) {
      manifest.files[path] = put(content);
      continue;
    }
    const { identity, ...encoded } = content;
    const copies = Object.entries(encoded).map(([name, bytes]) => [name, put(bytes)]);
    manifest.files[path] = { ...put(identity), encoded: Object.fromEntries(copies) };
  }
  store.set(`deployments/${manifest.deployment}/manifest.json`, JSON.stringify(manifest));
  return manifest;
}

export function pointHost(
  store: MemoryStore,
  host: string,
  options: { deployment?: DeploymentId; state?: "building" | "ready" | "failed"; branch?: string } = {},
): void {
  const { deployment = ID, state = "ready", branch = null } = options;
  const updatedAt = "2026-01-02T03:04:05.678Z";
  store.set(
    `hosts/${host}`,
    JSON.stringify({ version: 1, deployment, project: "site", branch, state, generation: 1, updatedAt }),
  );
}
