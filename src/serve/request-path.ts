export type DecodedPath =
  | { kind: "path"; path: string; hadRepeatedSlashes: boolean }
  | { kind: "bad-path"; reason: string };

const bad = (reason: string): DecodedPath => ({ kind: "bad-path", reason });
/** Everything a path can hold that needs no look: most requests end here. */
const PLAIN = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\/?$/;

/**
 * Turns the path of a request target into one that can be looked up: decoded once, beginning with exactly one slash.
 * Each odd form has one answer: an escape that is cut or is not UTF-8, a control character, a backslash, and a `.` or
 * `..` part that hid behind an escape are refused; repeated slashes count as one.
 * An escaped slash (`%2F`) is a slash: file names hold none.
 */
export function decodePath(rawPath: string): DecodedPath {
  if (rawPath !== "" && PLAIN.test(rawPath)) return { kind: "path", path: rawPath, hadRepeatedSlashes: false };
  if (!rawPath.startsWith("/")) return bad("The path does not begin with a slash.");
  let decoded: string;
  try {
    decoded = decodeURIComponent(rawPath);
  } catch {
    return bad("The path holds a percent escape that is cut or is not UTF-8.");
  }
  if (!decoded.isWellFormed()) return bad("The path is not Unicode text.");
  if (/[\u0000-\u001f\u007f]/.test(decoded)) return bad("The path holds a control character.");
  if (decoded.includes("\\")) return bad("The path holds a backslash.");
  if (/\/\.{1,2}(?:\/|$)/.test(decoded)) return bad("The path holds a '.' or '..' part.");
  const path = decoded.replace(/\/{2,}/g, "/");
  return { kind: "path", path, hadRepeatedSlashes: path !== decoded };
}

/**
 * Writes a decoded path as a Location. It begins with one slash and holds no backslash, so a browser never reads a host
 * out of it (`//evil.example`).
 */
export function encodePath(path: string): string {
  return encodeURI(path).replaceAll("?", "%3F").replaceAll("#", "%23");
}

/**
 * Path and query (with its `?`) of a request's URL, as they came; a query that is empty is none, and a fragment is none
 * of the server's business.
 */
export function splitTarget(url: string): { path: string; query: string } {
  const scheme = url.indexOf("://");
  const pathStart = url.startsWith("/") || scheme === -1 ? 0 : url.indexOf("/", scheme + 3);
  if (pathStart === -1) return { path: "/", query: "" };
  const hash = url.indexOf("#", pathStart);
  const end = hash === -1 ? url.length : hash;
  const mark = url.indexOf("?", pathStart);
  if (mark === -1 || mark > end) return { path: url.slice(pathStart, end), query: "" };
  return { path: url.slice(pathStart, mark), query: mark + 1 === end ? "" : url.slice(mark, end) };
}
