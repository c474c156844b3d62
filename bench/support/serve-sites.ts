import { link, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { HostPointer } from "../../src/model/host-pointer.ts";
import { type DeploymentId, type Sha256, sha256 } from "../../src/model/ids.ts";
import type { Manifest, ManifestEntry } from "../../src/model/manifest.ts";
import { ManifestFiles } from "../../src/model/manifest-files.ts";
import { encodeManifest } from "../../src/model/manifest-json.ts";
import { blobKey } from "../../src/store/blobs.ts";

/** Writes an object of the store's layout. */
export type Put = (key: string, bytes: Uint8Array) => Promise<unknown>;

/** Files of every site: its page, one large asset, and small ones that only fill its manifest. */
export const FILES_PER_SITE = 100;
export const PAGE_BYTES = 8 * 1024;
export const ASSET_BYTES = 120 * 1024;
export const ASSET_PATH = "/app.js";

export const hostOf = (site: number): string => `site-${site}.localhost`;
export const smallPath = (file: number): string => `/files/part-${file}.txt`;

/** Puts objects into a folder without waiting for the disk, as nothing is to outlive the bench. */
export function folderPut(folder: string): Put {
  const made = new Set<string>();
  return async (key, bytes) => {
    const path = join(folder, key);
    if (!made.has(dirname(path))) await mkdir(dirname(path), { recursive: true });
    made.add(dirname(path));
    await writeFile(path, bytes);
  };
}

interface Shared {
  path: string;
  hash: Sha256;
  size: number;
}

const pageOf = (site: number): Buffer => words(PAGE_BYTES, `site ${site}`);
const asset = words(ASSET_BYTES, "asset");

/** The files that all sites have, as blobs. */
export async function putSharedFiles(put: Put): Promise<Shared[]> {
  const small = Array.from({ length: FILES_PER_SITE - 2 }, (_, at) => Buffer.from(`part ${at}\n`));
  const files = [{ path: ASSET_PATH, bytes: asset }, ...small.map((bytes, at) => ({ path: smallPath(at), bytes }))];
  const shared = files.map(({ path, bytes }) => ({ path, bytes, hash: sha256(bytes), size: bytes.byteLength }));
  for (const { hash, bytes } of shared) await put(blobKey(hash), bytes);
  return shared;
}

/** A site with a page of its own: blobs, manifest and host pointer. */
export async function putSite(put: Put, site: number, shared: readonly Shared[]): Promise<void> {
  const page = pageOf(site);
  const packed = gzipSync(page, { level: 6 });
  const [own, gzip] = [page, packed].map((bytes) => ({ hash: sha256(bytes), size: bytes.byteLength }));
  await put(blobKey(own!.hash), page);
  await put(blobKey(gzip!.hash), packed);
  const files = ManifestFiles.of([
    ["index.html", { ...own!, encoded: { gzip: gzip! } }],
    ...shared.map(({ path, hash, size }): [string, ManifestEntry] => [path.slice(1), { hash, size }]),
  ]);
  const deployment = `b${String(site).padStart(19, "0")}` as DeploymentId;
  const [createdAt, project] = ["2026-01-01T00:00:00.000Z", `site-${site}`];
  const manifest: Manifest = {
    ...{ deployment, project, createdAt, files, compression: "strong" },
    ...{ htmlHandling: "auto-trailing-slash", notFoundHandling: "none" },
  };
  const pointer: HostPointer = {
    ...{ version: 1, deployment, project, branch: null, state: "ready", generation: site + 1, updatedAt: createdAt },
  };
  await put(`deployments/${deployment}/manifest.json`, encodeManifest(manifest));
  await put(`hosts/${hostOf(site)}`, Buffer.from(JSON.stringify(pointer)));
}

/** The same pages and the large asset as web roots, one a host, with the gzip copies that nginx and Caddy look for. */
export async function writeRoots(folder: string, count: number): Promise<void> {
  const assetFile = join(folder, ".asset.js");
  await mkdir(folder, { recursive: true });
  await writeFile(assetFile, asset);
  await writeFile(`${assetFile}.gz`, gzipSync(asset, { level: 9 }));
  for (let site = 0; site < count; site += 1) {
    const root = join(folder, hostOf(site));
    await mkdir(root);
    await writeFile(join(root, "index.html"), pageOf(site));
    await writeFile(join(root, "index.html.gz"), gzipSync(pageOf(site), { level: 9 }));
    await link(assetFile, join(root, ASSET_PATH));
    await link(`${assetFile}.gz`, join(root, `${ASSET_PATH}.gz`));
  }
}

/** Words, so that it packs like a page does. */
function words(bytes: number, seed: string): Buffer {
  let random: string = sha256(Buffer.from(seed));
  let written = `<!doctype html><title>${seed}</title>`;
  while (written.length < bytes) {
    written += ` ${random.slice(0, 12)} tide harbour anchor keel mast`;
    random = sha256(Buffer.from(random));
  }
  return Buffer.from(written.slice(0, bytes));
}
