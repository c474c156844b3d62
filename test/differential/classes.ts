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

/** Whether a `_redirects` rule can have given this answer: by where its target begins, or by its status of 200. */
function isByRule({ status, location, body }: Answer, { redirects }: GeneratedSite): boolean {
  const rules = redirects.split("\n").map((line) => line.split(" "));
  return rules.some(([, to = "", code]) => {
    if (code === "200") return status === 200 && body.startsWith(to.slice(1));
    return to !== "" && `${status}` === code && (location ?? "").startsWith(to.replace(/(?::|[?#]).*$/, ""));
  });
}

const isPlain = (target: string) => !/\/\/|%|\/\.{1,2}(?:[/?]|$)/.test(target.replace(/\?.*$/, ""));

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
  "headers-of-files": {
    title: "Header rules hold for files, not for redirects and for the platform's own pages",
    applies: ({ theirs, ours }) =>
      isSame({ ...theirs, headers: ours.headers }, ours) && ours.status !== 200 && ours.headers === "||",
  },
  spelling: {
    title: "Another spelling of a path is answered where it is",
    applies: ({ target, theirs, ours }) =>
      theirs.status === 307 &&
      readPath(theirs.location ?? "") === readPath(isRedirect(ours) ? (ours.location ?? "") : target),
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
    title: "Where two redirects lead to a page, one goes there",
    applies: ({ target, theirs, ours }) =>
      theirs.status === 307 &&
      ours.status === 307 &&
      /\/index(?:$|[/?])/.test(target) &&
      theirs.location !== ours.location,
  },
  "normal-path": {
    title: "Rules see a path decoded, with repeated slashes as one",
    applies: ({ site, target, theirs, ours }) =>
      !isPlain(target) &&
      (isByRule(theirs, site) || isByRule(ours, site) || isSame({ ...theirs, headers: ours.headers }, ours)),
  },
  "slash-in-a-rule": {
    title: "A slash at the end of a rule's path is ignored",
    applies: ({ site, target, theirs, ours }) =>
      isByRule(ours, site) && !isByRule(theirs, site) && (/\/(?:\?|$)/.test(target) || /^\/t\//m.test(site.redirects)),
  },
  "file-wins": {
    title: "A file goes before a rule that is not forced",
    applies: ({ site, theirs, ours }) => isByRule(theirs, site) && (ours.status === 200 || ours.status === 307),
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
