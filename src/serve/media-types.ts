import mime from "mime";

/** Where the library's answer, right for some file of that ending, is wrong for those that sites have. */
const BETTER: Record<string, string> = {
  ts: "text/plain",
  mts: "text/plain",
  cts: "text/plain",
  tsx: "text/plain",
  jsx: "text/javascript",
  map: "application/json",
};
const FALLBACK = "application/octet-stream";
const TEXTUAL =
  /^(?:text\/|application\/(?:json|javascript|xml|manifest\+json|[\w.-]+\+(?:json|xml))$|image\/svg\+xml$)/;

/** The Content-Type of a file, by its name; text is UTF-8. */
export function contentTypeOf(path: string): string {
  const type = typeOf(path) ?? FALLBACK;
  return TEXTUAL.test(type) ? `${type}; charset=utf-8` : type;
}

/** Whether the path names something that no page lives at: `.js`, `.png`; not `.html`, and not an unknown ending. */
export function hasAssetExtension(path: string): boolean {
  const type = typeOf(path);
  return type !== undefined && type !== "text/html" && type !== "application/xhtml+xml";
}

export function isHtml(path: string): boolean {
  return path.endsWith(".html") || path.endsWith(".htm");
}

function typeOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === "apple-app-site-association") return "application/json";
  const dot = name.lastIndexOf(".");
  if (dot === -1) return undefined;
  const extension = name.slice(dot + 1).toLowerCase();
  if (Object.hasOwn(BETTER, extension)) return BETTER[extension];
  return mime.getType(extension) ?? undefined;
}
