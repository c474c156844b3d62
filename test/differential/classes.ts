import type { GeneratedSite } from "./generate.ts";

export interface Answer {
  status: number;
  location: string | undefined;
  body: string;
  headers: string;
}

export interface Difference {
  site: GeneratedSite;
  /** In its normal spelling, or one that is no path at all. */
  target: string;
  theirs: Answer;
  ours: Answer;
}

/** What both answer to the normal spelling of a target, and ours to the target as it was sent. */
export interface Spelled {
  target: string;
  ours: Answer;
  normal: Difference;
}

interface Class {
  title: string;
  applies(difference: Difference): boolean;
}

export function isSame(theirs: Answer, ours: Answer): boolean {
  return (
    theirs.status === ours.status &&
    theirs.location === ours.location &&
    theirs.body === ours.body &&
    theirs.headers === ours.headers
  );
}

/**
 * The one spelling of what a target means: its path as a URL parser leaves it (https://url.spec.whatwg.org/), decoded
 * once, with repeated slashes as one, and encoded as Cloudflare does; undefined where that is no path.
 */
export function normalSpelling(target: string): string | undefined {
  const { pathname, search } = new URL(`http://site.example${target}`);
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  if (/[\0-\x1f\x7f\\]|\/\.{1,2}(?:\/|$)/.test(path)) return undefined;
  return (
    path
      .replace(/\/{2,}/g, "/")
      .split("/")
      .map(encodeURIComponent)
      .join("/") + search
  );
}

/**
 * Another spelling is answered as the normal one is, whatever Cloudflare does with it; where repeated slashes mean a
 * file, by a redirect to its normal spelling.
 */
function isAsNormal({ target, ours, normal }: Spelled): boolean {
  if (isSame(ours, normal.ours)) return true;
  const { pathname } = new URL(`http://site.example${target}`);
  return (
    /\/{2,}/.test(decodeURIComponent(pathname)) &&
    normal.ours.status === 200 &&
    isSame(ours, { status: 307, location: ours.location, body: "", headers: "||" }) &&
    decodeURIComponent(ours.location ?? "") === decodeURIComponent(normal.target)
  );
}

const isRedirect = ({ status }: Answer) => status >= 300 && status < 400;
const pathOf = (target = "") => decodeURIComponent(target.replace(/[?#].*$/, ""));
/** What the paths that could mean one page have in common. */
const stemOf = (path: string) => path.replace(/(?:\/index)?(?:\.html)?\/?$/, "");

type Rule = readonly [from: string, to: string, status: string];

const rulesOf = ({ redirects }: GeneratedSite) =>
  redirects.split("\n").flatMap((line) => (line === "" ? [] : [line.split(" ") as unknown as Rule]));

function isMatched([from]: Rule, path: string): boolean {
  return new RegExp(`^${from.replace("*", ".*").replace(/:\w+/g, "[^/]+")}$`).test(path);
}

/** Whether the rule can have given this answer: by where its target begins, or by its status of 200. */
function isGivenBy({ status, location, body }: Answer, [, to, code]: Rule): boolean {
  if (code === "200") return (status === 200 && body.startsWith(to.slice(1))) || status === 404;
  return `${status}` === code && (location ?? "").startsWith(to.replace(/(?::|[?#]).*$/, ""));
}

const isNotFound = ({ status, body }: Answer, { notFoundHandling }: GeneratedSite) =>
  status === 404 || (notFoundHandling === "single-page-application" && body === "index.html");

/** What Berth does on purpose otherwise than Cloudflare; docs/differences.md argues each. The first that applies counts. */
export const CLASSES: Record<string, Class> = {
  "bad-path": {
    title: "A path that is not well formed is refused",
    applies: ({ target, ours }) => normalSpelling(target) === undefined && ours.status === 400,
  },
  spelling: {
    title: "Another spelling of a path is answered as the path is",
    // Told apart by `classOfSpelled`.
    applies: () => false,
  },
  "headers-of-files": {
    title: "Header rules hold for files, not for redirects and for the platform's own pages",
    applies: ({ theirs, ours }) =>
      isSame({ ...theirs, headers: "||" }, ours) && (isRedirect(ours) || (ours.status === 404 && ours.body === "")),
  },
  "decoded-splat": {
    title: "A header holds a part of the path decoded",
    applies: ({ theirs, ours }) =>
      isSame(
        { ...theirs, headers: decodeURIComponent(theirs.headers) },
        { ...ours, headers: decodeURIComponent(ours.headers) },
      ),
  },
  "one-redirect": {
    title: "Where two redirects lead to a page, one goes there",
    applies: ({ theirs, ours }) =>
      theirs.status === 307 &&
      ours.status === 307 &&
      theirs.location?.replace(/^\/index(?=$|\?)/, "/") === ours.location,
  },
  "one-front-page": {
    title: "The front page has one address",
    applies: ({ site, target, theirs, ours }) =>
      site.htmlHandling === "force-trailing-slash" &&
      pathOf(target) === "/index/" &&
      theirs.body === "index.html" &&
      ours.status === 307 &&
      pathOf(ours.location) === "/",
  },
  "slash-in-a-rule": {
    title: "A slash at the end of a rule's path is ignored",
    applies: ({ site, target, ours }) => {
      const path = pathOf(target);
      const other = path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
      return rulesOf(site).some((rule) => isMatched(rule, other) && !isMatched(rule, path) && isGivenBy(ours, rule));
    },
  },
  "file-wins": {
    title: "A file goes before a rule that is not forced",
    applies: ({ site, target, theirs, ours }) => {
      const path = pathOf(target);
      const shown = ours.status === 200 ? `/${ours.body}` : ours.status === 307 ? pathOf(ours.location) : undefined;
      return (
        shown !== undefined &&
        stemOf(shown) === stemOf(path) &&
        rulesOf(site).some((rule) => isMatched(rule, path) && isGivenBy(theirs, rule))
      );
    },
  },
  "rewrite-to-a-page": {
    title: "A rewrite shows the page at its target, whatever the form of its address",
    applies: ({ site, target, theirs, ours }) =>
      (site.htmlHandling === "none" ? isNotFound(theirs, site) : theirs.status === 307) &&
      rulesOf(site).some(
        (rule) =>
          rule[2] === "200" &&
          isMatched(rule, pathOf(target)) &&
          [`${rule[1]}.html`, `${rule[1].replace(/\/$/, "")}/index.html`].includes(`/${ours.body}`),
      ),
  },
  "single-page-asset": {
    title: "A missing asset of a single-page application is a 404",
    applies: ({ site, target, theirs, ours }) =>
      site.notFoundHandling === "single-page-application" &&
      /\.(?:css|js|txt)$/i.test(pathOf(target)) &&
      ours.status === 404 &&
      theirs.body === "index.html",
  },
};

export function classOf(difference: Difference): string {
  return Object.entries(CLASSES).find(([, { applies }]) => applies(difference))?.[0] ?? "unexplained";
}

/** A target that has a normal spelling and is not that. */
export function classOfSpelled(spelled: Spelled): string {
  const { theirs, ours } = spelled.normal;
  const isNormalExplained = isSame(theirs, ours) || classOf(spelled.normal) !== "unexplained";
  return isNormalExplained && isAsNormal(spelled) ? "spelling" : "unexplained";
}
