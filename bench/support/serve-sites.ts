import { link, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { HostPointer } from "../../src/model/host-pointer.ts";
import { type DeploymentId, type Sha256, sha256 } from "../../src/model/ids.ts";
import type { Manifest } from "../../src/model/manifest.ts";

/** Files of every site: its page, one large asset, and small ones that only fill its manifest. */
export const FILES_PER_SITE = 100;
export const PAGE_BYTES = 8 * 1024;
export const ASSET_BYTES = 120 * 1024;
export const ASSET_PATH = "/app.js";

export const hostOf = (site: number): string => `site-${site}.localhost`;
export const smallPath = (file: number): string => `/files/part-${file}.txt`;

/**
 * The same sites twice: in a folder store, laid out as the contract says, and as a folder of web roots, one a host, with
 * the compressed copies that nginx and Caddy look for. Each page differs from every other; the rest is shared.
 */
export async function writeSites({ store, roots, count }: { store: string; roots: string; count: number }) {
  const asset = text(ASSET_BYTES, "asset");
  const small = Array.from({ length: FILES_PER_SITE - 2 }, (_, at) => Buffer.from(`part ${at}\n`));
  const shared = [
    { path: ASSET_PATH, bytes: asset },
    ...small.map((bytes, at) => ({ path: smallPath(at), bytes })),
  ].map((file) => ({ ...file, hash: sha256(file.bytes), size: file.bytes.byteLength }));
  for (const { hash, bytes } of shared) await putBlob(store, hash, bytes);
  const assetGzip = gzipSync(asset, { level: 9 });
  const assetEncoded = { gzip: { hash: sha256(assetGzip), size: assetGzip.byteLength } };
  await putBlob(store, assetEncoded.gzip.hash, assetGzip);
  await mkdir(join(store, "hosts"), { recursive: true });
  const assetFile = join(roots, ".asset.js");
  await mkdir(roots, { recursive: true });
  await writeFile(assetFile, asset);
  await writeFile(`${assetFile}.gz`, assetGzip);
  for (let site = 0; site < count; site += 1) {
    const page = text(PAGE_BYTES, `site ${site}`);
    const packed = gzipSync(page, { level: 9 });
    const [hash, packedHash] = [sha256(page), sha256(packed)];
    await putBlob(store, hash, page);
    await putBlob(store, packedHash, packed);
    const files: Manifest["files"] = {
      "index.html": { hash, size: page.byteLength, encoded: { gzip: { hash: packedHash, size: packed.byteLength } } },
    };
    for (const { path, hash: sharedHash, size } of shared) {
      files[path.slice(1)] = { hash: sharedHash, size, ...(path === ASSET_PATH && { encoded: assetEncoded }) };
    }
    await putSite(store, site, files);
    const root = join(roots, hostOf(site));
    await mkdir(root);
    await writeFile(join(root, "index.html"), page);
    await writeFile(join(root, "index.html.gz"), packed);
    await link(assetFile, join(root, ASSET_PATH));
    await link(`${assetFile}.gz`, join(root, `${ASSET_PATH}.gz`));
  }
}

async function putSite(store: string, site: number, files: Manifest["files"]): Promise<void> {
  const deployment = `b${String(site).padStart(19, "0")}` as DeploymentId;
  const createdAt = "2026-01-01T00:00:00.000Z";
  const project = `site-${site}`;
  const manifest: Manifest = {
    ...{ version: 1, deployment, project, createdAt, files },
    ...{ htmlHandling: "auto-trailing-slash", notFoundHandling: "none" },
  };
  const pointer: HostPointer = {
    ...{ version: 1, deployment, project, branch: null, state: "ready", generation: site + 1, updatedAt: createdAt },
  };
  const folder = join(store, "deployments", deployment);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  await writeFile(join(store, "hosts", hostOf(site)), JSON.stringify(pointer));
}

async function putBlob(store: string, hash: Sha256, bytes: Uint8Array): Promise<void> {
  const folder = join(store, "blobs", hash.slice(0, 2));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, hash), bytes);
}

/** Words, so that it packs like a page does. */
function text(bytes: number, seed: string): Buffer {
  let random = sha256(Buffer.from(seed)) as string;
  let written = `<!doctype html><title>${seed}</title>`;
  while (written.length < bytes) {
    written += ` ${random.slice(0, 12)} tide harbour anchor keel mast`;
    random = sha256(Buffer.from(random));
  }
  return Buffer.from(written.slice(0, bytes));
}
