import type { SourceFiles } from "./source-files.ts";

interface Override {
  command?: string;
  /** Folders that the framework writes, seen from the root. */
  outputs?(files: SourceFiles, root: string): string[] | Promise<string[]>;
}

/** Where the detection library errs or can't know, by its framework ids. */
export const FRAMEWORKS: Record<string, Override> = {
  vite: { outputs: async (files, root) => [...(await literalOutDir(files, root)), "dist"] },
  astro: { outputs: async (files, root) => [...(await literalOutDir(files, root)), "dist"] },
  "svelte-kit": { outputs: () => ["build"] },
  next: { outputs: () => ["out"] },
  nuxt: { outputs: () => [".output/public", "dist"] },
  nuxt3: { outputs: () => [".output/public", "dist"] },
  vitepress: { outputs: (files, root) => dotFolders(files, root, ".vitepress").map((folder) => `${folder}/dist`) },
  vuepress: { outputs: (files, root) => dotFolders(files, root, ".vuepress").map((folder) => `${folder}/dist`) },
  angular: { outputs: angularOutputs },
  "create-react-app": { outputs: () => ["build"] },
  gatsby: { outputs: () => ["public"] },
  docusaurus: { outputs: () => ["build"] },
  "docusaurus-v2": { outputs: () => ["build"] },
  eleventy: { command: "npx eleventy", outputs: () => ["_site", "dist"] },
  hexo: { outputs: () => ["public"] },
  parcel: { outputs: () => ["dist"] },
  storybook: { outputs: () => ["storybook-static"] },
  remix: { outputs: () => ["build/client"] },
  "react-router": { outputs: () => ["build/client"] },
};

/** `outDir: "…"` where the configuration says it literally. */
async function literalOutDir(files: SourceFiles, root: string): Promise<string[]> {
  for (const name of files.namesIn(root)) {
    if (!/^(vite|astro)\.config\.[cm]?[jt]s$/.test(name)) continue;
    const match = /\boutDir:\s*["'`]([^"'`$]+)["'`]/.exec((await files.text(root, name)) ?? "");
    if (match) return [match[1]!.replace(/^\.\//, "").replace(/\/$/, "")];
  }
  return [];
}

/** VitePress and VuePress keep their folder in the folder of the pages: `docs`, `src`, or the root. */
function dotFolders(files: SourceFiles, root: string, name: string): string[] {
  const found = files
    .pathsBelow(root)
    .map((path) => (root === "." ? path : path.slice(root.length + 1)))
    .flatMap((path) => new RegExp(`^(.*?(?:^|/)${name.replace(".", "\\.")})/`).exec(path)?.[1] ?? []);
  return [...new Set([...found, `docs/${name}`, name])];
}

/** angular.json names each project's output; newer versions put the browser's files into `browser`. */
async function angularOutputs(files: SourceFiles, root: string): Promise<string[]> {
  const text = await files.text(root, "angular.json");
  if (text === undefined) return ["dist"];
  const outputs: string[] = [];
  for (const match of text.matchAll(/"outputPath":\s*(?:"([^"]+)"|\{[^}]*"base":\s*"([^"]+)")/g)) {
    const path = (match[1] ?? match[2])!;
    outputs.push(`${path}/browser`, path);
  }
  for (const name of /"projects":\s*\{\s*"([^"]+)"/.exec(text)?.slice(1) ?? [])
    outputs.push(`dist/${name}/browser`, `dist/${name}`);
  return [...outputs, "dist"];
}
