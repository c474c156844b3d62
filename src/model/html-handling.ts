import type { HtmlHandling } from "./manifest.ts";

/** Paths with a leading slash. */
export interface FileNames {
  has(path: string): boolean;
}

export type HtmlDecision = { kind: "file"; path: string } | { kind: "moved"; to: string } | { kind: "none" };

const NONE: HtmlDecision = { kind: "none" };

/**
 * Which file answers `path`, by Cloudflare's "HTML handling" of Workers static assets. Every HTML file has one canonical
 * path, its home; the other paths that could mean it are moved there.
 * `none` serves exact paths alone, so there not even `/` shows `/index.html`.
 */
export function handleHtml(mode: HtmlHandling, path: string, files: FileNames): HtmlDecision {
  if (mode === "none") return files.has(path) ? { kind: "file", path } : NONE;
  for (const candidate of candidatesFor(mode, path, files)) {
    if (!files.has(candidate)) continue;
    const home = homeOf(mode, candidate, files);
    if (home === path) return { kind: "file", path: candidate };
    if (home !== candidate) return { kind: "moved", to: home };
  }
  return NONE;
}

/** The files that `path` could mean, best first. */
function candidatesFor(mode: HtmlHandling, path: string, files: FileNames): string[] {
  const meanings = (stem: string): string[] => {
    const [page, index] = [`${stem}.html`, `${stem}/index.html`];
    return mode === "drop-trailing-slash" ? [page, index] : [index, page];
  };
  if (path === "/") return ["/index.html"];
  if (path.endsWith("/")) return meanings(path.slice(0, -1));
  const plain = [path, `${path}.html`, `${path}/index.html`];
  if (path.endsWith("/index.html")) return [path, `${path.slice(0, -"/index.html".length)}.html`, ...plain];
  if (path.endsWith(".html")) return [path, `${path.slice(0, -".html".length)}/index.html`, ...plain];
  if (path.endsWith("/index") && !files.has(path)) return [...meanings(path.slice(0, -"/index".length)), ...plain];
  return plain;
}

/** The canonical path of a file; its own path when another file took the better one. */
function homeOf(mode: HtmlHandling, file: string, files: FileNames): string {
  if (!file.endsWith(".html")) return file;
  if (file === "/index.html") return "/";
  const isIndex = file.endsWith("/index.html");
  const stem = file.slice(0, -(isIndex ? "/index.html" : ".html").length);
  if (stem.endsWith("/")) return file;
  if (mode === "force-trailing-slash") {
    return isIndex || !files.has(`${stem}/index.html`) ? `${stem}/` : file;
  }
  if (isIndex && mode === "auto-trailing-slash") return `${stem}/`;
  if (stem.endsWith(".html")) {
    // Without its ending such a name may be read as that of another file.
    return candidatesFor(mode, stem, files).find((candidate) => files.has(candidate)) === file ? stem : file;
  }
  if (files.has(stem)) return file;
  return isIndex && (files.has(`${stem}.html`) || stem.endsWith("/index")) ? file : stem;
}
