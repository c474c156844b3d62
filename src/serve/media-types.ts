import mime from "mime";

/** Where the library's answer, right for some file of that ending, is wrong for those that sites have, or missing. */
const BETTER: Record<string, string> = {
  cjs: "text/javascript",
  jsx: "text/javascript",
  map: "application/json",
  jsonc: "application/json",
  topojson: "application/json",
  jsonl: "application/jsonl",
  ndjson: "application/x-ndjson",
  rsc: "text/x-component",
  flac: "audio/flac",
  m4v: "video/mp4",
  jfif: "image/jpeg",
  cur: "image/vnd.microsoft.icon",
  mobileconfig: "application/x-apple-aspen-config",
  tgz: "application/gzip",
  ...Object.fromEntries(
    // The source code of something is text to read; `.ts` is not video, and `.php` is not run here.
    "ts mts cts tsx vue svelte astro php py rb go rs sh bash zsh swift kt glsl wgsl vert frag diff patch rst adoc bib graphql"
      .split(" ")
      .map((extension) => [extension, "text/plain"]),
  ),
};
/** Files that have no ending by convention. */
const BY_NAME: Record<string, string> = {
  "apple-app-site-association": "application/json",
  "openid-configuration": "application/json",
  "oauth-authorization-server": "application/json",
  nodeinfo: "application/json",
  webfinger: "application/jrd+json",
  "host-meta": "application/xrd+xml",
  "traffic-advice": "application/trafficadvice+json",
  "atproto-did": "text/plain",
  "opengraph-image": "image/png",
  "twitter-image": "image/png",
  "apple-icon": "image/png",
  LICENSE: "text/plain",
  README: "text/plain",
  CHANGELOG: "text/plain",
};
/** Below `.well-known`, where the name alone says too little. */
const WELL_KNOWN: readonly [RegExp, string][] = [
  [/(?:^|\/)\.well-known\/matrix\/[^./]+$/, "application/json"],
  [/(?:^|\/)\.well-known\/acme-challenge\/[^./]+$/, "text/plain"],
];
/** Endings that paths have from hosts and addresses (`/user/jo@example.com`), and files of the web hardly ever. */
const OF_HOSTS = new Set("ac ai au cat cc com fm in ma me mobi ms org so st tr xyz".split(" "));
const FALLBACK = "application/octet-stream";
const TEXTUAL =
  /^(?:text\/|application\/(?:json|json5|jsonl|x-ndjson|toml|javascript|xml|manifest\+json|[\w.-]+\+(?:json|xml))$|image\/svg\+xml$)/;

/** The Content-Type of a file, by its name; text is UTF-8. */
export function contentTypeOf(path: string): string {
  const type = typeOf(path) ?? FALLBACK;
  return TEXTUAL.test(type) ? `${type}; charset=utf-8` : type;
}

/** How a file is coded by itself, of which its type does not speak: a `.svgz` is an SVG picture in gzip's form. */
export const ownCodingOf = (path: string): "gzip" | undefined => (/\.svgz$/i.test(path) ? "gzip" : undefined);

/** Whether the path names something that no page lives at: `.js`, `.png`; not `.html`, `.com` or an unknown ending. */
export function hasAssetExtension(path: string): boolean {
  if (OF_HOSTS.has(path.slice(path.lastIndexOf(".") + 1))) return false;
  const type = typeOf(path);
  return type !== undefined && type !== "text/html" && type !== "application/xhtml+xml";
}

export function isHtml(path: string): boolean {
  return path.endsWith(".html") || path.endsWith(".htm");
}

function typeOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (Object.hasOwn(BY_NAME, name)) return BY_NAME[name];
  const dot = name.lastIndexOf(".");
  // `.js` is a hidden file that is called so, not a script.
  if (dot <= 0) return WELL_KNOWN.find(([pattern]) => pattern.test(path))?.[1];
  const extension = name.slice(dot + 1).toLowerCase();
  if (Object.hasOwn(BETTER, extension)) return BETTER[extension];
  return mime.getType(extension) ?? undefined;
}
