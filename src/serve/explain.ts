import { BerthError } from "../model/errors.ts";
import type { ExplainedRequest, Explanation } from "../model/explanation.ts";
import { getAccess } from "../store/access.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { sealed } from "./access.ts";
import { type Answer, Story } from "./explain-story.ts";
import { createHandler } from "./handler.ts";
import { isProductionHost, parseHost } from "./request-host.ts";
import { splitTarget } from "./request-path.ts";
import { type Decision, resolve } from "./resolve.ts";
import { headerChanges } from "./rules/headers.ts";
import { type Site, type SiteFile, siteOf } from "./site.ts";
import { EarlierFiles, mayBeEarlier, SKEW, type SkewLimits } from "./skew.ts";
import { loadManifest, loadPointer } from "./sources.ts";

export interface ExplainOptions {
  store: ObjectStore;
  sitesDomain: string;
  skew?: SkewLimits;
  /** Whether the website and the API answer there, and not a site. */
  isPlatformHost?(hostHeader: string): boolean;
}

interface Answering {
  reading: ObjectStore;
  /** As somebody with a password or token. */
  hasKey: boolean;
}

/** Names the answer of another server, which is not asked. */
const PROXIED = "x-berth-explained-proxy";

/**
 * Tells what answers a request and why, from what the store holds now. The answer is that of a request handler of its
 * own that gets the imagined request; the steps come from the functions that it decides by. Another server that a
 * rewrite leads to is not asked.
 */
export function createExplain({ store, sitesDomain, skew = SKEW, isPlatformHost }: ExplainOptions) {
  const answerOf = async (request: Request, { reading, hasKey }: Answering): Promise<Answer> => {
    const handler = createHandler({
      store: hasKey ? withoutKeys(reading) : reading,
      sitesDomain,
      skew,
      proxy: async () => new Response(null, { headers: { [PROXIED]: "1" } }),
    });
    try {
      const handled = await handler.fetch(request);
      const response = hasKey ? sealed(handled) : handled;
      await response.body?.cancel();
      const headers = textsOf(response.headers);
      const isProxied = PROXIED in headers;
      delete headers[PROXIED];
      return { status: isProxied ? null : response.status, headers };
    } finally {
      handler.close();
    }
  };

  return async ({ url, method, headers }: ExplainedRequest): Promise<Explanation> => {
    const target = parseTarget(url);
    if (isPlatformHost?.(target.host)) throw noSite(target.hostname);
    const request = imagine(target, method, headers);
    const earlier = new EarlierFiles(
      skew,
      async (id) => {
        const loaded = await loadManifest(store, id);
        return loaded && siteOf(loaded.manifest);
      },
      Date.now,
    );
    const answer = await answerOf(request, { reading: store, hasKey: false });
    const behindProtection =
      answer.status === 401 ? await answerOf(imagine(target, method, headers), { reading: store, hasKey: true }) : null;
    const story = new Story(target, request);
    const host = parseHost(target.host);
    const state = host === undefined ? undefined : await loadPointer(store, host);
    const pointer = state === undefined || "removed" in state ? undefined : state;
    story.host(host, isProductionHost(host ?? "", sitesDomain));
    story.pointer(pointer);
    const access = pointer && (await getAccess(store, pointer.project));
    if (pointer !== undefined)
      story.protection(access, { pointer, isProduction: isProductionHost(host!, sitesDomain) });
    if (pointer?.state === "ready") {
      const manifest = (await loadManifest(store, pointer.deployment))?.manifest;
      story.deployment(pointer.deployment, manifest);
      const { path, query } = splitTarget(request.url);
      const routed = { method, path, query, headers: request.headers, host: host! };
      if (manifest !== undefined) {
        const site = siteOf(manifest);
        const decision = resolve(site, routed);
        const mayBe = mayBeEarlier(decision, site.files, routed);
        const file = mayBe ? await earlier.find(pointer, path) : undefined;
        if (file !== undefined)
          story.step("deployment", "It lacks the file; an earlier deployment of this host has it.");
        const shown: Decision<SiteFile> =
          file === undefined ? withFile(decision, site) : { kind: "serve", file, status: 200 };
        story.decision(shown, (behindProtection ?? answer).status);
        if (site.routes && (decision.kind === "serve" || decision.kind === "options"))
          story.headerRules(headerChanges(site.routes, routed)?.rules ?? []);
      }
    }
    return story.end({ answer, behindProtection: story.document.protection === null ? null : behindProtection });
  };
}

/** By name; of a field that comes more than once, as Set-Cookie may, all values. */
function textsOf(headers: Headers): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of headers) texts[name] = Object.hasOwn(texts, name) ? `${texts[name]}, ${value}` : value;
  return texts;
}

const withFile = (decision: Decision<number>, { files }: Site): Decision<SiteFile> =>
  decision.kind === "serve" ? { ...decision, file: files.at(decision.file) } : decision;

/** @throws BerthError `bad_request` */
function parseTarget(text: string): URL {
  // `http:///about` would be read as a host of that name.
  if (/^\/(?!\/)/.test(text)) throw unreadable();
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (URL.canParse(withScheme)) {
    const url = new URL(withScheme);
    if (/^https?:$/.test(url.protocol)) return url;
  }
  throw unreadable();
}

const unreadable = () =>
  new BerthError("bad_request", "The URL can't be read.", { hint: "Give it as http://HOST/PATH." });

function noSite(host: string): BerthError {
  return new BerthError(
    "bad_request",
    `${host} is the platform's own: the website and the API answer there, no site.`,
    {
      hint: "Give the address of a site, as 'berth projects ls' and 'berth inspect ID' show it.",
    },
  );
}

/** @throws BerthError `bad_request` when it can't be a request */
function imagine(url: URL, method: string, given: Record<string, string>): Request {
  try {
    const headers = new Headers(given);
    headers.set("host", url.host);
    const request = new Request(`${url.protocol}//${url.host}${url.pathname}${url.search}`, { method, headers });
    // To the runtime, a method that it does not know is a GET.
    if (request.method !== method) Object.defineProperty(request, "method", { value: method });
    return request;
  } catch (cause) {
    throw new BerthError("bad_request", "There can be no request of that method or with those headers.", {
      hint: "Give a method such as GET, and headers as NAME: VALUE.",
      cause,
    });
  }
}

/** The store as it would be if every host were open. */
function withoutKeys(store: ObjectStore): ObjectStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === "get") {
        return async (...asked: Parameters<ObjectStore["get"]>) =>
          asked[0].startsWith("access/") ? undefined : await target.get(...asked);
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
