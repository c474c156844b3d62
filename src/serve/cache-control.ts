import { isHtml } from "./media-types.ts";

export const REVALIDATE = "public, max-age=0, must-revalidate";
const IMMUTABLE = "public, max-age=31536000, immutable";

/** SvelteKit's, which holds nothing else. */
const IMMUTABLE_FOLDER = /(?:^|\/)_app\/immutable\//;
/** Folders in which a framework names every file by its content: Astro, Next.js, Nuxt. */
const GENERATED = /(?:^|\/)(?:_astro|_next\/static|_nuxt)\//;
/**
 * Folders that people put files of their own in as well: Vite, VitePress, Docusaurus and Remix (`assets`), Create React
 * App and Gatsby (`static`), Angular (`media`), Remix with its older compiler (`build`).
 */
const MIXED = /(?:^|\/)(?:assets|media|build|static(?:\/(?:js|css|media))?)\//;
/** Without a folder of their own: Gatsby and older Angular (16 digits and more), Angular (esbuild's 8 letters). */
const CODE_BY_HASH =
  /[.-](?:(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{16,64}|(?=[A-Z]*[2-7])(?=[2-7]*[A-Z])[A-Z2-7]{8})\.(?:m?js|css)(?:\.map)?$/;
/** What follows the hash in a name: `.js`, `.chunk.js`, `.lean.js`, `.min.css.map`. */
const ENDINGS = /(?:\.(?:chunk|min|bundle|module|lean))?(?:\.[a-z0-9]{1,6}){1,2}$/;
/** `picker`, `DatePicker`, `LICENSES`, with or without a small number: no hash, as far as one can tell. */
const WORDS = /^_?(?:[A-Z]?[a-z]+(?:_?[A-Z][a-z]+)*|[A-Z]+|[a-z]+(?:_[a-z]+)+)_?[0-9]{0,2}$/;

/**
 * A file whose name changes with its content is kept for a year; everything else is asked for again each time, which
 * costs a 304. Where a name may or may not hold a hash, it is not taken for one: being wrong there shows old content.
 */
export function cacheControlOf(path: string): string {
  if (isHtml(path)) return REVALIDATE;
  const isImmutable =
    IMMUTABLE_FOLDER.test(path) ||
    (GENERATED.test(path) && holdsHash(path)) ||
    (MIXED.test(path) && isHash(stemOf(path).split(/[.-]/).at(-1)!)) ||
    CODE_BY_HASH.test(path);
  return isImmutable ? IMMUTABLE : REVALIDATE;
}

function stemOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(ENDINGS, "");
}

/** Among names that a framework made, a hash may also stand before a suffix, or hold a hyphen (base64url, 8 characters). */
function holdsHash(path: string): boolean {
  const stem = stemOf(path);
  if (stem.split(/[.-]/).some((token) => /^\w{8,}$/.test(token) && !WORDS.test(token))) return true;
  const last = /(?:^|[.-])([\w-]{8})$/.exec(stem)?.[1];
  return last !== undefined && /[0-9]/.test(last) && /[A-Z]/.test(last) && /[a-z]/.test(last);
}

/** Letters with digits or in mixed case, but neither words nor a date (`20260131`). */
function isHash(token: string): boolean {
  const isMixed = /[A-Za-z]/.test(token) && (/[0-9]/.test(token) || (/[a-z]/.test(token) && /[A-Z]/.test(token)));
  return /^\w{8,}$/.test(token) && isMixed && !WORDS.test(token);
}
