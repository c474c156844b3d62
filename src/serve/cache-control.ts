import { isHtml } from "./media-types.ts";

export const REVALIDATE = "public, max-age=0, must-revalidate";
const IMMUTABLE = "public, max-age=31536000, immutable";

/** SvelteKit's, which holds nothing else. */
const IMMUTABLE_FOLDER = /(?:^|\/)_app\/immutable\//;
/** Folders in which a framework names every file by its content: Astro, Next.js, Nuxt. */
const GENERATED = /(?:^|\/)(?:_astro|_next\/static|_nuxt)\//;
/** Gatsby's pictures: a folder that is named by their content. */
const HASHED_FOLDER = /(?:^|\/)static\/[0-9a-f]{32}\//;
/**
 * Folders that people put files of their own in as well: Vite, VitePress, Docusaurus and Remix (`assets`), Create React
 * App and Gatsby (`static`), Angular (`media`), Remix with its older compiler (`build`).
 */
const MIXED = /(?:^|\/)(?:assets|media|build|static(?:\/(?:js|css|media))?)\//;
/** Vue CLI's, which are called as everybody's: `img/logo.82b9c7a5.png`. */
const COMMON = /(?:^|\/)(?:js|css|img|fonts)\//;
const CODE = /\.(?:m?js|css)(?:\.map)?$/;
/** What follows the hash in a name: `.js`, `.chunk.js`, `.lean.js`, `.min.css.map`. */
const ENDINGS = /(?:\.(?:chunk|min|bundle|module|lean))?(?:\.[a-z0-9]{1,6}){1,2}$/;
/** `picker`, `DatePicker`, `LICENSES`, with or without a small number: no hash, as far as one can tell. */
const WORDS = /^_?(?:[A-Z]?[a-z]+(?:_?[A-Z][a-z]+)*|[A-Z]+|[a-z]+(?:_[a-z]+)+)_?[0-9]{0,2}$/;
/** What names are put together from: `Date` and `Picker`, `IMG` and `1234`, `mp` and `4` and `video`. */
const RUNS = /[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+/g;

/**
 * A file whose name changes with its content is kept for a year; everything else is asked for again each time, which
 * costs a 304. Where a name may or may not hold a hash, it is not taken for one: being wrong there shows old content.
 */
export function cacheControlOf(path: string): string {
  if (isHtml(path)) return REVALIDATE;
  const isImmutable =
    IMMUTABLE_FOLDER.test(path) ||
    HASHED_FOLDER.test(path) ||
    (GENERATED.test(path) && holdsHash(path)) ||
    (MIXED.test(path) && endsInHash(path)) ||
    (COMMON.test(path) && /\.(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{8}$/.test(stemOf(path))) ||
    (CODE.test(path) && isCodeByHash(stemOf(path)));
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

/**
 * A name, and behind it a hash as bundlers write it: hexadecimal digits, 8, 12, 16 and so on, or of other lengths with
 * more than two letters, as no date has; or eight characters of base64url or base32 that change between capitals, small
 * letters and digits more often than `IMG_1234`, `S3Bucket` and `1200x630` do. A hash without a name before it has to be
 * long.
 */
function endsInHash(path: string): boolean {
  const stem = stemOf(path);
  if (/(?:^[0-9a-f]{8}|.[.-])(?=\d*[a-f])(?=[a-f]*\d)(?:[0-9a-f]{4}){2,16}$/.test(stem)) return true;
  if (/.[.-](?=(?:\d*[a-f]){3})(?=[a-f]*\d)[0-9a-f]{9,64}$/.test(stem)) return true;
  const last = /[^.-][.-]([\w-]{8})$/.exec(stem)?.[1];
  if (last === undefined) return false;
  const hyphens = last.split("-").length - 1;
  const runs = (last.match(RUNS)?.length ?? 0) - hyphens;
  return hyphens <= 1 && runs >= (CODE.test(path) || /^[A-Z2-7]+$/.test(last) ? 3 : 4);
}

/** Without a folder of their own: Gatsby and older Angular (16 digits and more), Parcel (8), Angular (esbuild's 8 letters). */
function isCodeByHash(stem: string): boolean {
  return (
    /[.-](?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{16,64}$/.test(stem) ||
    /\.(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{8}$/.test(stem) ||
    /[.-](?=[A-Z]*[2-7])(?=[2-7]*[A-Z])[A-Z2-7]{8}$/.test(stem)
  );
}
