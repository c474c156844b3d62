/**
 * The path and query of `target` as a Location on the same host, whatever was put there: a URL of another host, a path
 * that begins with two slashes or a backslash, dots that leave two slashes behind. Never names a host.
 */
export function localPath(target: string): string {
  const base = "http://host.invalid";
  if (!target.startsWith("/") || !URL.canParse(target, base)) return "/";
  const url = new URL(target, base);
  if (url.origin !== base) return "/";
  return `/${url.pathname.replace(/^\/+/, "")}${url.search}`;
}
