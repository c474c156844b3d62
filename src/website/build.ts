import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import tailwind from "bun-plugin-tailwind";

/** Bundles the website beside its place and moves it there: a running platform never sees half of it. */
export async function buildWebsite({ outdir }: { outdir: string }): Promise<void> {
  const draft = `${outdir}.draft-${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  const result = await Bun.build({
    entrypoints: [join(import.meta.dir, "app/index.html")],
    outdir: draft,
    plugins: [tailwind],
    minify: true,
    publicPath: "/",
    define: { "process.env.NODE_ENV": '"production"' },
    naming: { entry: "[name].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
  });
  if (!result.success) throw new AggregateError(result.logs, "the website does not build");
  await mkdir(outdir, { recursive: true });
  await rm(outdir, { recursive: true, force: true });
  await rename(draft, outdir);
}

if (import.meta.main) await buildWebsite({ outdir: join(import.meta.dir, "../../dist/website") });
