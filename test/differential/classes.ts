import type { GeneratedSite } from "./generate.ts";

export interface Answer {
  status: number;
  location: string | undefined;
  body: string;
  headers: string;
}

export interface Difference {
  site: GeneratedSite;
  target: string;
  theirs: Answer;
  ours: Answer;
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

/** The path as a URL parser leaves it, each part decoded where that can be done, repeated slashes as one. */
function readPath(target: string): string {
  const { pathname } = new URL(target.replace(/^\/{2,}/, "/"), "http://site.example");
  const parts = pathname.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return parts.join("/").replace(/\/{2,}/g, "/");
}

const isRedirect = ({ status }: Answer) => status >= 300 && status < 400;
const withoutEmptyQuery = (location: string | undefined) => location?.replace(/\?$/, "");

/** What Berth does on purpose otherwise than Cloudflare; docs/differences.md argues each. The first that applies counts. */
export const CLASSES: Record<string, Class> = {
  "bad-path": {
    title: "A path that is not well formed is refused",
    applies: ({ target, ours }) =>
      ours.status === 400 && /%(?![0-9a-f]{2})|%(?:[01][0-9a-f]|7f)|\\|%2e|%2f|%5c/i.test(target),
  },
  "empty-query": {
    title: "A query that is empty stays",
    applies: ({ target, theirs, ours }) =>
      target.endsWith("?") &&
      isRedirect(ours) &&
      theirs.status === ours.status &&
      theirs.location === withoutEmptyQuery(ours.location),
  },
  spelling: {
    title: "Another spelling of a path is answered, not redirected",
    applies: ({ target, theirs, ours }) =>
      theirs.status === 307 && !isRedirect(ours) && readPath(theirs.location ?? "") === readPath(target),
  },
  backslash: {
    title: "A backslash is read as a slash before '..' parts are taken out",
    applies: ({ target }) => target.includes("\\"),
  },
  "html-in-a-name": {
    title: "A page whose name without its ending still ends in .html keeps its own path",
    applies: ({ target }) => /\.html\/?index|\.html\.html|g\.html|h\.html/.test(target),
  },
  "one-redirect": {
    title: "Where several redirects lead to a page, the first goes there",
    applies: ({ target, theirs, ours }) =>
      theirs.status === 307 &&
      ours.status === 307 &&
      /\/index(?:$|[/?])/.test(target) &&
      theirs.location !== ours.location,
  },
  "single-page-asset": {
    title: "A missing asset of a single-page application is a 404",
    applies: ({ site, theirs, ours }) =>
      site.notFoundHandling === "single-page-application" && ours.status === 404 && theirs.body === "index.html",
  },
};

export function classOf(difference: Difference): string {
  return Object.entries(CLASSES).find(([, { applies }]) => applies(difference))?.[0] ?? "unexplained";
}
