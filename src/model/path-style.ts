import type { PathStyle } from "./routes.ts";

/**
 * Where `cleanUrls` and `trailingSlash` of a vercel.json move a path to, whatever is or is not there; undefined when it
 * may stay. https://vercel.com/docs/project-configuration/vercel-json#cleanurls and #trailingslash
 * A path with an ending, and those below /.well-known, keep none.
 */
export function styledPath({ cleanUrls, trailingSlash }: PathStyle, path: string): string | undefined {
  let styled = path;
  if (cleanUrls) {
    const bare = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
    const page = /^(.*)\.html$/s.exec(bare)?.[1] ?? (/\/index$/.test(bare) ? bare : undefined);
    if (page !== undefined) {
      const name = page.replace(/\/index$/, "");
      styled = name === "" || name.endsWith("/") ? "/" : trailingSlash ? `${name}/` : name;
      return styled === path ? undefined : styled;
    }
  }
  if (trailingSlash === undefined || path === "/") return undefined;
  if (!trailingSlash) return path.endsWith("/") ? path.slice(0, -1) : undefined;
  if (/^\/\.well-known(?:\/|$)/.test(path)) return undefined;
  if (path.endsWith("/")) return /\/[^/]+\.\w+\/$/.test(path) ? path.slice(0, -1) : undefined;
  return path.slice(path.lastIndexOf("/")).includes(".") ? undefined : `${path}/`;
}

/** The file that a path shows under these two settings. */
export function styledFile(
  { cleanUrls }: PathStyle,
  path: string,
  files: { has(path: string): boolean },
): string | undefined {
  const bare = path.endsWith("/") ? path.slice(0, -1) : path;
  const candidates = [path, ...(cleanUrls && bare !== "" ? [`${bare}.html`] : []), `${bare}/index.html`];
  return candidates.find((candidate) => files.has(candidate));
}
