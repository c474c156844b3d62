/**
 * What a real site costs on the wire: the copies that Berth sends once its background compression is done, against
 * gzip at level 9 of the same files, as nginx sends them. Only files that are worth compressing count.
 *
 *   script/bench compression [--only docusaurus,astro] [--folder DIR]
 *
 * With --folder the files of a folder are deployed as they are; otherwise the sites of `bench/support/sites.ts` are built.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { compressible } from "../src/build/compress.ts";
import type { DeploymentId } from "../src/model/ids.ts";
import { ENCODINGS, type Encoding, type Manifest } from "../src/model/manifest.ts";
import { getBlob } from "../src/store/blobs.ts";
import { getManifest } from "../src/store/deployments.ts";
import { openFileStore } from "../src/store/file.ts";
import { newDataDirectory, removeDataDirectory, startPlatform, type TestPlatform } from "../test/support/platform.ts";
import { deployMeasured } from "./support/deploy.ts";
import { printColumns, ratio, seconds } from "./support/report.ts";
import { SITES, siteRepository } from "./support/sites.ts";

type Sums = Record<Encoding | "identity" | "gzip9", number> & { files: number; strongAfterMs: number };

const { values: options } = parseArgs({
  options: { only: { type: "string", default: "docusaurus,astro" }, folder: { type: "string" } },
});

const dataDirectory = await newDataDirectory();
const platform = await startPlatform({ dataDirectory });
try {
  const rows: [string, Sums][] = [];
  if (options.folder !== undefined) rows.push([options.folder, await measure(platform, options.folder)]);
  else for (const name of options.only.split(",")) rows.push([name, await measureSite(platform, name)]);
  report(rows);
} finally {
  await platform.stop();
  await removeDataDirectory(dataDirectory);
}

async function measureSite(berth: TestPlatform, name: string): Promise<Sums> {
  const site = SITES[name];
  if (site === undefined) throw new Error(`--only knows ${Object.keys(SITES).join(", ")}, not ${name}`);
  const repository = await siteRepository(`${name}-compression`, site);
  try {
    return await measure(berth, repository.path, ["--root", site.root]);
  } finally {
    await repository.remove();
  }
}

async function measure(berth: TestPlatform, source: string, flags: readonly string[] = []): Promise<Sums> {
  const { deployment } = await deployMeasured(berth, source, flags);
  const start = performance.now();
  const store = openFileStore(join(berth.dataDirectory, "objects"));
  let manifest: Manifest | undefined;
  while (manifest?.compression !== "strong") {
    await Bun.sleep(200);
    manifest = await getManifest(store, deployment.id as DeploymentId);
  }
  const sums: Sums = { files: 0, identity: 0, gzip9: 0, br: 0, zstd: 0, gzip: 0, strongAfterMs: 0 };
  sums.strongAfterMs = performance.now() - start;
  for (const [path, entry] of manifest.files.entries()) {
    if (!compressible(path, entry.size)) continue;
    sums.files += 1;
    sums.identity += entry.size;
    sums.gzip9 += gzipSync(await getBlob(store, entry.hash), { level: 9 }).byteLength;
    for (const encoding of ENCODINGS) sums[encoding] += entry.encoded?.[encoding]?.size ?? entry.size;
  }
  await store.close();
  return sums;
}

function report(rows: readonly [string, Sums][]): void {
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
  printColumns(
    "bytes on the wire against gzip -9; brotli's goal is at most 0.88 ×",
    ["site", "files", "uncompressed", "gzip -9", "brotli", "zstd", "gzip", "strong copies after"],
    rows.map(([name, sums]) => [
      ...[name, `${sums.files}`, kib(sums.identity), kib(sums.gzip9)],
      ...ENCODINGS.map((encoding) => `${kib(sums[encoding])} (${ratio(sums[encoding], sums.gzip9)})`),
      seconds(sums.strongAfterMs),
    ]),
  );
}
