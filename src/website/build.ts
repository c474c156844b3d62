import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import tailwind from "bun-plugin-tailwind";

/** The expression that React chooses its production build by; the bundler puts a constant in its place. */
const MODE_EXPRESSION = ["process", "env", "NODE_ENV"].join(".");

/**
 * Bundles the website, with a `.br` and a `.gz` copy beside each file that they make smaller. It is written beside
 * its place and moved there: a starting platform never sees half of it.
 * @throws AggregateError with the bundler's messages
 */
export async function buildWebsite({ outdir }: { outdir: string }): Promise<void> {
  const draft = `${outdir}.draft-${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  const result = await Bun.build({
    entrypoints: [join(import.meta.dir, "app/index.html")],
    outdir: draft,
    plugins: [tailwind],
    minify: true,
    publicPath: "/",
    define: { [MODE_EXPRESSION]: '"production"' },
    naming: { entry: "[name].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
  });
  if (!result.success) throw new AggregateError(result.logs, "the website does not build");
  for (const name of await readdir(draft)) await compress(join(draft, name));
  await mkdir(outdir, { recursive: true });
  await rm(outdir, { recursive: true, force: true });
  await rename(draft, outdir);
}

async function compress(path: string): Promise<void> {
  const bytes = await readFile(path);
  const copies = {
    br: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
    gz: gzipSync(bytes, { level: 9 }),
  };
  for (const [ending, copy] of Object.entries(copies)) {
    if (copy.length < bytes.length) await writeFile(`${path}.${ending}`, copy);
  }
}

if (import.meta.main) {
  const outdir = join(import.meta.dir, "../../dist/website");
  await buildWebsite({ outdir });
  for (const name of (await readdir(outdir)).sort()) {
    console.log(`${String(Bun.file(join(outdir, name)).size).padStart(8)}  ${name}`);
  }
}
