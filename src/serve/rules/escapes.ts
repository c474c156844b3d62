import { decodePath, encodePath } from "../request-path.ts";

/**
 * RFC 3986 section 2.2: a reserved character that came escaped is another address than the same one plain, which matters
 * to whoever is sent it: `@scope%2Fname`, `a%2Bb`. Paths are matched decoded, so each such escape of what a rule passes on
 * is held by a mark, a character for private use. `?`, `#`, `[` and `]` are escaped in whatever path is written.
 */
const RESERVED = /%(?:2[46BC]|3[ABD]|40)/gi;
const RESERVED_AND_SLASH = /%(?:2[46BCF]|3[ABD]|40)/gi;
const MARK_BASE = 0xf700;
const MARKS = "\uf724\uf726\uf72b\uf72c\uf72f\uf73a\uf73b\uf73d\uf740";
const MARK = new RegExp(`[${MARKS}]`, "g");
const MARK_OR_TEXT = new RegExp(`([${MARKS}])|[^${MARKS}]+`, "g");

/**
 * As `decodePath`, with marks. Within the site an escaped slash is a slash.
 * @returns undefined where nothing is to be marked, and where a mark's character came by itself
 */
export function markedPath(rawPath: string, isForUrl: boolean): string | undefined {
  const pattern = isForUrl ? RESERVED_AND_SLASH : RESERVED;
  const marked = rawPath.replace(pattern, (escaped) =>
    encodeURIComponent(String.fromCharCode(MARK_BASE + Number.parseInt(escaped.slice(1), 16))),
  );
  if (marked === rawPath) return undefined;
  const plain = decodePath(rawPath);
  if (plain.kind === "bad-path" || plain.path.search(MARK) !== -1) return undefined;
  const decoded = decodePath(marked);
  return decoded.kind === "path" ? decoded.path : undefined;
}

/** With the characters that the marks stand for. */
export const unmarked = (text: string): string => text.replace(MARK, characterOf);

/** As `encodePath`, with the escapes that the marks stand for. */
export function encodeMarkedPath(path: string): string {
  return path.replace(MARK_OR_TEXT, (text, mark?: string) =>
    mark === undefined ? encodePath(text) : encodeURIComponent(characterOf(mark)),
  );
}

const characterOf = (mark: string): string => String.fromCharCode(mark.charCodeAt(0) - MARK_BASE);
