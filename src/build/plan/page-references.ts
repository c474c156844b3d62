/** How many of them are looked for: a page with more is no less wrong. */
const MAX_REFERENCES = 200;
/** In characters: what comes later is not looked at. */
const MAX_TEXT = 500_000;

/**
 * Paths of scripts and style sheets that a page asks its own site for, and `has` does not know; seen from the folder of
 * the page. What a program writes into the address, and every address below a `<base>`, is left alone. Pure.
 */
export function missingReferences(page: string, has: (path: string) => boolean): string[] {
  const html = withoutComments(page.slice(0, MAX_TEXT));
  if (/<base\b/i.test(html)) return [];
  const scripts = [...html.matchAll(/<script\b[^<>]*?\ssrc\s*=\s*["']?([^"'\s>]+)/gi)];
  const sheets = [...html.matchAll(/<link\b[^<>]*>/gi)]
    .filter(([tag]) => /\brel\s*=\s*["']?stylesheet\b/i.test(tag))
    .flatMap(([tag]) => [...tag.matchAll(/\shref\s*=\s*["']?([^"'\s>]+)/gi)]);
  const paths = [...scripts, ...sheets].slice(0, MAX_REFERENCES).map(([, address]) => ownPath(address!));
  return [...new Set(paths)].filter((path) => path !== undefined).filter((path) => !has(path));
}

function withoutComments(page: string): string {
  const [first, ...rest] = page.split("<!--");
  const after = rest.map((part) => (part.includes("-->") ? part.slice(part.indexOf("-->") + 3) : ""));
  return [first, ...after].join("");
}

/** undefined for another host's, and for what is no plain path. */
function ownPath(address: string): string | undefined {
  if (/^([a-z][\w+.-]*:|\/\/)|[{}<>$%`]/i.test(address)) return undefined;
  const path = address.replace(/[?#].*$/s, "").replace(/^(\.?\/)+/, "");
  return path === "" || path.endsWith("/") || path.startsWith("..") ? undefined : path;
}
