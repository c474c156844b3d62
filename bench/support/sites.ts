/** Small but real sites that the measurements build, written anew for each run. Versions of November 2026. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runToEnd } from "../../test/support/process.ts";
import { newRepository, type TestRepository } from "../../test/support/repositories.ts";
import { astro } from "./sites/astro.ts";
import { docusaurus } from "./sites/docusaurus.ts";
import { monorepo } from "./sites/monorepo.ts";
import { next } from "./sites/next.ts";
import { vite } from "./sites/vite.ts";

export interface BenchSite {
  title: string;
  manager: "npm" | "pnpm";
  /** Folder of the site in the repository. */
  root: string;
  files: Record<string, string>;
  /** A source file of a page, and its text in round n: the one file that changes. */
  change: { path: string; text(round: string): string };
}

export const SITES: Readonly<Record<string, BenchSite>> = { vite, astro, docusaurus, next, monorepo };

/** Writes the lockfile too, with the package manager itself, which asks its registry for metadata alone. */
export async function siteRepository(name: string, site: BenchSite): Promise<TestRepository> {
  const repository = await newRepository(name, {
    ".gitignore": "node_modules\ndist\nbuild\nout\n.next\n.astro\n.docusaurus\n",
    ...site.files,
    [site.change.path]: site.change.text("first"),
  });
  const home = await mkdtemp(join(tmpdir(), "berth-bench-home-"));
  try {
    await runToEnd(LOCK[site.manager], { cwd: repository.path, env: { ...Bun.env, npm_config_cache: home } });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  await repository.commit({});
  return repository;
}

const QUIET = ["--no-audit", "--no-fund", "--no-update-notifier"];
/** The version stands in the site's `packageManager` too. */
export const PNPM = "pnpm@10.34.8";
const LOCK = {
  npm: ["npm", "install", "--package-lock-only", "--ignore-scripts", ...QUIET],
  pnpm: ["npm", "exec", "--yes", ...QUIET, `--package=${PNPM}`, "--", "pnpm", "install", "--lockfile-only"],
};
