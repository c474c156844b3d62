import type { Access } from "../model/access.ts";
import { protectionsOf } from "../model/access.ts";
import { BerthError } from "../model/errors.ts";
import type { ExplainedRequest, Explanation, ExplanationStep } from "../model/explanation.ts";
import type { HostPointer } from "../model/host-pointer.ts";
import type { DeploymentId } from "../model/ids.ts";
import type { Manifest } from "../model/manifest.ts";
import type { RuleOrigin } from "../model/routes.ts";
import { getAccess } from "../store/access.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { sealed } from "./access.ts";
import { createHandler } from "./handler.ts";
import { negotiate } from "./negotiate.ts";
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

type Answer = Explanation["answer"];

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

/** Writes the steps down as they are taken. */
class Story {
  readonly document: Explanation;

  constructor(
    url: URL,
    private readonly request: Request,
  ) {
    const { path, query } = splitTarget(request.url);
    const { host: _, ...headers } = Object.fromEntries(request.headers);
    this.document = {
      request: { host: url.host, method: request.method, path, query, headers },
      steps: [],
      pointer: null,
      protection: null,
      rule: null,
      headerRules: [],
      entry: null,
      encoding: null,
      blob: null,
      proxy: null,
      answer: { status: null, headers: {} },
      behindProtection: null,
    };
  }

  step(step: ExplanationStep["step"], text: string): void {
    this.document.steps.push({ step, text });
  }

  host(host: string | undefined, isProduction: boolean): void {
    this.step("host", hostText(host, isProduction));
    if (host !== undefined) this.document.request.host = host;
  }

  pointer(pointer: HostPointer | undefined): void {
    this.step("pointer", pointerText(pointer));
    this.document.pointer = pointer ?? null;
  }

  protection(access: Access | undefined, at: { pointer: HostPointer; isProduction: boolean }): void {
    const door = { isProduction: at.isProduction, branch: at.pointer.branch ?? null };
    const keys = access === undefined ? [] : protectionsOf(access, door);
    const list = keys.map(({ id, scope, kind }) => `${kind} ${id} of scope ${scope}`).join(", ");
    const isOpen = keys.length === 0;
    this.step("protection", isOpen ? "It is open to all." : `It is protected; one of these opens it: ${list}.`);
    if (isOpen) return;
    this.document.protection = { keys: keys.map(({ id, scope, kind }) => ({ id, scope, kind })), isOpened: false };
  }

  deployment(id: DeploymentId, manifest: Manifest | undefined): void {
    this.step("deployment", deploymentText(id, manifest));
  }

  decision(decision: Decision<SiteFile>, status: number | null): void {
    const rule = "rule" in decision ? decision.rule : undefined;
    this.step("rule", ruleText(decision, rule));
    this.document.rule = rule ?? null;
    this.step("entry", entryText(decision, this.request.method));
    if (decision.kind === "proxy") this.document.proxy = { url: decision.url };
    if (decision.kind === "serve") this.file(decision.file, status);
  }

  headerRules(rules: readonly RuleOrigin[]): void {
    if (rules.length === 0) return;
    this.step("headers", `Header rules: ${rules.map(({ file, line }) => `${file}:${line}`).join(", ")}.`);
    this.document.headerRules = [...rules];
  }

  private file({ path, entry }: SiteFile, status: number | null): void {
    this.document.entry = { path, sizeBytes: entry.size };
    // Parts are of the file itself, whatever encodings the client accepts.
    const ofParts = status === 206 || status === 416;
    const encoding = ofParts ? "identity" : negotiate(this.request.headers.get("accept-encoding"), entry.encoded);
    this.document.encoding = encoding ?? null;
    if (encoding === undefined) {
      this.step("encoding", "It exists in no encoding that the request accepts.");
      return;
    }
    const { hash, size } = encoding === "identity" ? entry : entry.encoded![encoding]!;
    this.document.blob = { key: `blobs/${hash.slice(0, 2)}/${hash}`, hash, sizeBytes: size };
    const all = ["identity", ...Object.keys(entry.encoded ?? {})].join(", ");
    this.step("encoding", `${encoding}, of ${all}: ${size} bytes, blob ${hash}.`);
  }

  end({ answer, behindProtection }: Pick<Explanation, "answer" | "behindProtection">): Explanation {
    const { document } = this;
    const status = (given: Answer) => (given.status === null ? "what the other server says" : `status ${given.status}`);
    if (document.protection !== null) document.protection.isOpened = behindProtection === null;
    this.step("answer", `The answer: ${status(answer)}.`);
    if (behindProtection !== null) this.step("answer", `With a password or token: ${status(behindProtection)}.`);
    return { ...document, answer, behindProtection };
  }
}

function hostText(host: string | undefined, isProduction: boolean): string {
  if (host === undefined) return "This can't be the host of a site.";
  return isProduction
    ? `${host} has the form of a project's own host or a custom domain: search engines may list it.`
    : `${host} is the host of a branch or of one deployment: search engines are kept from it.`;
}

function pointerText(pointer: HostPointer | undefined): string {
  if (pointer === undefined) return "No deployment is shown here.";
  const { deployment, project, branch, state, generation } = pointer;
  const of = branch ? `branch ${branch} of ${project}` : project;
  const states = { ready: "is ready", building: "is being built", failed: "failed" };
  return `It points to deployment ${deployment} (${of}, generation ${generation}), which ${states[state]}.`;
}

function deploymentText(id: DeploymentId, manifest: Manifest | undefined): string {
  if (manifest === undefined) return `Deployment ${id} has no manifest: it was removed.`;
  const { createdAt, htmlHandling, notFoundHandling } = manifest;
  return `The manifest of ${id}, made ${createdAt}: html_handling ${htmlHandling}, not_found_handling ${notFoundHandling}.`;
}

function ruleText(decision: Decision<SiteFile>, rule: RuleOrigin | undefined): string {
  if (rule !== undefined) return `The rule at ${rule.file}:${rule.line} decides.`;
  const isOfStyle = decision.kind === "redirect" && decision.isOfStyle === true;
  return isOfStyle ? "How paths look decides: cleanUrls or trailingSlash of the vercel.json." : "No rule decides.";
}

function entryText(decision: Decision<SiteFile>, method: string): string {
  switch (decision.kind) {
    case "serve": {
      const { path, entry } = decision.file;
      const { status } = decision;
      const why =
        status === 200 ? "" : `, with status ${status}${status === 404 ? ", as the page for what is missing" : ""}`;
      return `The file ${path} answers${why}: ${entry.size} bytes.`;
    }
    case "redirect":
      return `It is moved to ${decision.location}.`;
    case "proxy":
      return `Another server answers: ${decision.url}. It was not asked.`;
    case "not-found":
      return decision.status === undefined
        ? "No file answers this path, nor does a page for missing ones."
        : `The rule's page is not there, nor is one for missing pages; its status ${decision.status} holds.`;
    case "bad-path":
      return decision.reason;
    case "options":
      return "OPTIONS is answered without a file.";
    case "method-not-allowed":
      return `Files do not take ${method}.`;
  }
}
