import type { SourceFiles } from "./source-files.ts";

/** Where a file says which registry packages come from that no scope leads elsewhere. */
const DEFAULT_REGISTRY: Readonly<Record<string, RegExp>> = {
  // npmrc(5), which pnpm, Yarn 1 and Bun read too.
  ".npmrc": /^\s*registry\s*=\s*["']?([^\s"']+)/gm,
  // https://classic.yarnpkg.com/en/docs/yarnrc
  ".yarnrc": /^\s*"?registry"?\s+"?([^\s"]+)/gm,
  // https://yarnpkg.com/configuration/yarnrc#npmRegistryServer; below a scope it is indented.
  ".yarnrc.yml": /^npmRegistryServer:\s*["']?([^\s"']+)/gm,
  // https://bun.com/docs/runtime/bunfig#install-registry
  "bunfig.toml": /^\s*registry\s*=\s*(?:\{[^}\n]*?\burl\s*=\s*)?["']([^"']+)/gm,
  // https://pnpm.io/settings#registry
  "pnpm-workspace.yaml":
    /^(?:registry:|registries:[^\S\n]*\n(?:[^\S\n]+.*\n)*?[^\S\n]+["']?default["']?:)\s*["']?([^\s"']+)/gm,
};

/**
 * URLs of default registries that the repository's own files name, as they are written there (npm's may hold
 * `${NAME}`), in the site's folder and those above it.
 */
export async function namedRegistries(files: SourceFiles, root: string): Promise<string[]> {
  const parts = root === "." ? [] : root.split("/");
  const folders = [".", ...parts.map((_, index) => parts.slice(0, index + 1).join("/"))];
  const found = new Set<string>();
  for (const folder of folders) {
    for (const [name, pattern] of Object.entries(DEFAULT_REGISTRY)) {
      for (const [, url] of ((await files.text(folder, name)) ?? "").matchAll(pattern)) found.add(url!);
    }
  }
  return [...found];
}
