import type { Access } from "../model/access.ts";
import { protectionsOf } from "../model/access.ts";
import type { Explanation, ExplanationStep } from "../model/explanation.ts";
import type { HostPointer } from "../model/host-pointer.ts";
import type { DeploymentId } from "../model/ids.ts";
import type { Manifest } from "../model/manifest.ts";
import type { RuleOrigin } from "../model/routes.ts";
import { encodingFor } from "./file-response.ts";
import { splitTarget } from "./request-path.ts";
import type { Decision } from "./resolve.ts";
import type { SiteFile } from "./site.ts";

export type Answer = Explanation["answer"];

/** Writes the steps down as they are taken. */
export class Story {
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
    if (decision.kind === "serve") this.file(decision, status);
  }

  headerRules(rules: readonly RuleOrigin[]): void {
    if (rules.length === 0) return;
    this.step("headers", `Header rules: ${rules.map(({ file, line }) => `${file}:${line}`).join(", ")}.`);
    this.document.headerRules = [...rules];
  }

  private file({ file, status: wanted }: { file: SiteFile; status: number }, status: number | null): void {
    const { path, entry } = file;
    this.document.entry = { path, sizeBytes: entry.size };
    // Parts are of the file itself, whatever encodings the client accepts.
    const ofParts = status === 206 || status === 416;
    const accepted = this.request.headers.get("accept-encoding");
    const encoding = ofParts ? "identity" : encodingFor(accepted, file, wanted);
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
