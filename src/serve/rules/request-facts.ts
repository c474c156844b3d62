import type { RoutedRequest } from "../resolve.ts";

/** What conditions read of a request, worked out when the first of them asks. */
export class RequestFacts {
  private query: URLSearchParams | undefined;
  private cookies: Map<string, string> | undefined;
  private preferred: string | null | undefined;

  constructor(private readonly request: Pick<RoutedRequest, "query" | "headers" | "host">) {}

  get host(): string {
    return this.request.host ?? "";
  }

  parameter(name: string): string | null {
    return this.parameters().get(name);
  }

  parameterNames(): string[] {
    return [...this.parameters().keys()];
  }

  header(name: string): string | null {
    return this.request.headers.get(name);
  }

  cookie(name: string): string | null {
    this.cookies ??= cookiesIn(this.request.headers.get("cookie"));
    return this.cookies.get(name) ?? null;
  }

  /** The language that the visitor would have first, lower-cased; the cookie `nf_lang` goes before the browser. */
  get language(): string | null {
    if (this.preferred === undefined) {
      const chosen = this.cookie("nf_lang") ?? firstLanguage(this.request.headers.get("accept-language"));
      this.preferred = chosen?.toLowerCase() ?? null;
    }
    return this.preferred;
  }

  private parameters(): URLSearchParams {
    this.query ??= new URLSearchParams(this.request.query.slice(0, MAX_QUERY));
    return this.query;
  }
}

const MAX_QUERY = 16_384;
const MAX_HEADER = 16_384;

/** RFC 6265 section 4.2.1; of two with one name the first counts. */
function cookiesIn(header: string | null): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of (header ?? "").slice(0, MAX_HEADER).split(";")) {
    const equals = pair.indexOf("=");
    if (equals === -1) continue;
    const name = pair.slice(0, equals).trim();
    if (!cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim());
  }
  return cookies;
}

/** RFC 9110 section 12.5.4: the heaviest range, of equals the first; `*` names none. */
function firstLanguage(header: string | null): string | null {
  let best: string | null = null;
  let bestWeight = 0;
  for (const item of (header ?? "").slice(0, MAX_HEADER).split(",")) {
    const [range = "", ...parameters] = item.split(";").map((part) => part.trim());
    const quality = parameters.find((parameter) => /^q=/i.test(parameter));
    const weight = quality === undefined ? 1 : Number(quality.slice(2)) || 0;
    if (range === "" || range === "*" || weight <= bestWeight) continue;
    best = range;
    bestWeight = weight;
  }
  return best;
}
