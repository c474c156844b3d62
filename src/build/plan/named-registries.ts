import type { SourceFiles } from "./source-files.ts";

/** Where a line of a file says which registry packages come from that no scope leads elsewhere. */
const DEFAULT_REGISTRY: Readonly<Record<string, RegExp>> = {
  // npmrc(5), which pnpm, Yarn 1 and Bun read too.
  ".npmrc": /^\s*registry\s*=\s*["']?([^\s"']+)/,
  // https://classic.yarnpkg.com/en/docs/yarnrc
  ".yarnrc": /^\s*"?registry"?\s+"?([^\s"]+)/,
  // https://yarnpkg.com/configuration/yarnrc#npmRegistryServer; below a scope it is indented.
  ".yarnrc.yml": /^npmRegistryServer:\s*["']?([^\s"']+)/,
  // https://bun.com/docs/runtime/bunfig#install-registry
  "bunfig.toml": /^\s*registry\s*=\s*(?:\{[^}]*?\burl\s*=\s*)?["']([^"']+)/,
  // https://pnpm.io/settings#registry; those by scope are lines below `registries:`.
  "pnpm-workspace.yaml": /^registry:\s*["']?([^\s"']+)/,
};
const PNPM_DEFAULT = /^[ \t]+["']?default["']?:\s*["']?([^\s"']+)/;

/** Line by line: a pattern that goes over several has more ways to fail than there is time. Pure. */
function registriesIn(name: string, text: string): string[] {
  const found: string[] = [];
  let isInList = false;
  for (const line of text.split("\n")) {
    const isIndented = /^[ \t]/.test(line);
    if (!isIndented && line.trim() !== "") isInList = name === "pnpm-workspace.yaml" && /^registries:\s*$/.test(line);
    const pattern = isInList && isIndented ? PNPM_DEFAULT : DEFAULT_REGISTRY[name]!;
    const url = pattern.exec(line.slice(0, LINE_MAX))?.[1];
    if (url !== undefined) found.push(url);
  }
  return found;
}

/** Longer than any URL. */
const LINE_MAX = 4000;

/**
 * URLs of default registries that the repository's own files name, as they are written there (npm's may hold
 * `${NAME}`), in the site's folder and those above it.
 */
export async function namedRegistries(files: SourceFiles, root: string): Promise<string[]> {
  const parts = root === "." ? [] : root.split("/");
  const folders = [".", ...parts.map((_, index) => parts.slice(0, index + 1).join("/"))];
  const found = new Set<string>();
  for (const folder of folders) {
    for (const name of Object.keys(DEFAULT_REGISTRY)) {
      for (const url of registriesIn(name, (await files.text(folder, name)) ?? "")) found.add(url);
    }
  }
  return [...found];
}
