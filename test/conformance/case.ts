/** The form of the tables below `topics/`: sites, what is asked of them, and what a document says the answer is. */

export interface Site {
  /** Paths of files, whose content is then their own path; or path and content. */
  files: readonly (string | readonly [path: string, content: string])[];
  /** As for `berth projects set`. */
  settings?: Readonly<Record<string, string>>;
  /** Whether all of its hosts ask for a key. */
  isProtected?: boolean;
}

/** Of a header: its exact value, a form that it must have, or null for one that must not be there. */
export type ExpectedHeader = string | RegExp | null;

export interface More {
  /** Request headers. `{etag /path}` and `{date /path}` stand for what the site sends for that path. */
  send?: Readonly<Record<string, string>>;
  /** Asked of the deployment's own host; else of the project's. */
  isOfDeployment?: true;
  /** Everything that is sent, in place of a request made of method, path and `send`; `{host}` is the site's. */
  raw?: string;
  /** The answers behind the first, in the same form, where `raw` holds several requests; nothing comes behind them. */
  next?: readonly string[];
  /** Headers of the answer. */
  headers?: Readonly<Record<string, ExpectedHeader>>;
  /** Where this row's answer is written down, if elsewhere than its group's. */
  source?: string;
  /** Where Berth does not do what the source says: its own answer, and why. `closed` is an end without an answer. */
  differs?: { answer: string; why: string };
}

/**
 * Request: `GET /path`. Answer: a status, and behind it for a redirect its Location; for others the file whose bytes are
 * the body, `=` and the body itself, or `-` for none. `|` separates statuses that the source leaves open.
 */
export type Row = readonly [request: string, answer: string, more?: More];

export interface Group {
  source: string;
  site: Site;
  rows: readonly Row[];
}

/** A site that must not go live: the deployment fails and names the file, and the line where there is one. */
export interface Refusal {
  source: string;
  site: Site;
  file: string;
  line?: number;
}

export interface Topic {
  title: string;
  groups: readonly Group[];
  refusals?: readonly Refusal[];
}

export interface Answer {
  /** 0 for an end without an answer. */
  statuses: readonly number[];
  location?: string;
  body?: Uint8Array;
}

export function readRequest(request: string): { method: string; target: string } {
  const space = request.indexOf(" ");
  return { method: request.slice(0, space), target: request.slice(space + 1) };
}

/** @throws when the table names a file that its site lacks */
export function readAnswer(answer: string, site: Site): Answer {
  if (answer === "closed") return { statuses: [0] };
  const space = answer.indexOf(" ");
  const statuses = (space === -1 ? answer : answer.slice(0, space)).split("|").map(Number);
  if (space === -1) return { statuses };
  const rest = answer.slice(space + 1);
  if (statuses[0]! >= 300 && statuses[0]! < 400 && statuses[0] !== 304) return { statuses, location: rest };
  if (rest === "-") return { statuses, body: new Uint8Array() };
  if (rest.startsWith("=")) return { statuses, body: new TextEncoder().encode(rest.slice(1)) };
  const file = filesOf(site).find(([path]) => path === rest);
  if (file === undefined) throw new Error(`'${answer}' names no file of its site`);
  return { statuses, body: new TextEncoder().encode(file[1]) };
}

export function filesOf(site: Site): [path: string, content: string][] {
  return site.files.map((file) => (typeof file === "string" ? [file, `${file}\n`] : [file[0], file[1]]));
}
