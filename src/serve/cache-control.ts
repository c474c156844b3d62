import { isHtml } from "./media-types.ts";

const REVALIDATE = "public, max-age=0, must-revalidate";
const IMMUTABLE = "public, max-age=31536000, immutable";

/** Folders in which a framework names every file by its content: Astro, Next.js, Nuxt, SvelteKit. */
const GENERATED = /(?:^|\/)(?:_astro|_next\/static|_nuxt|_app\/immutable)\//;
/** Folders that people put files of their own in as well: Vite, Create React App. */
const MIXED = /(?:^|\/)(?:assets|static\/(?:js|css|media))\//;
/** What follows the hash in a name: `.js`, `.chunk.js`, `.min.css.map`. */
const ENDINGS = /(?:\.(?:chunk|min|bundle|module))?(?:\.[a-z0-9]{1,6}){1,2}$/;

/**
 * A file whose name changes with its content is kept for a year; everything else is asked for again each time, which
 * costs a 304. Where a name may or may not hold a hash, it is not taken for one: being wrong there shows old content.
 */
export function cacheControlOf(path: string): string {
  if (isHtml(path)) return REVALIDATE;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const token = name.replace(ENDINGS, "").split(/[.-]/).at(-1) ?? "";
  if (GENERATED.test(path)) return isHashOfGenerated(token) ? IMMUTABLE : REVALIDATE;
  return MIXED.test(path) && isHash(token) ? IMMUTABLE : REVALIDATE;
}

function isHashOfGenerated(token: string): boolean {
  return /^\w{8,}$/.test(token) && !/^_?[a-z]+(?:[A-Z][a-z]+)?$/.test(token);
}

/** Letters and digits mixed, but neither a word with a number (`version2`) nor a date (`20260131`). */
function isHash(token: string): boolean {
  return (
    /^\w{8,}$/.test(token) && /[0-9]/.test(token) && /[A-Za-z]/.test(token) && !/^[A-Za-z_]+[0-9]{1,2}$/.test(token)
  );
}
