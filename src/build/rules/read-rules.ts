import { type HtmlDecision, handleHtml } from "../../model/html-handling.ts";
import type { BlobRef, HtmlHandling, Manifest } from "../../model/manifest.ts";
import { styledPath } from "../../model/path-style.ts";
import type { ProjectSettings } from "../../model/project.ts";
import type { Route, Routes } from "../../model/routes.ts";
import { INDEX_MAX_BYTES, siteBase } from "../base-path.ts";
import { netlifyBase } from "../plan/host-files.ts";
import type { SourceFiles } from "../plan/source-files.ts";
import { compileRules, RULE_FILE_MAX_BYTES, type RuleText, type RuleTexts } from "./compile.ts";
import { faultLines, quoted, type RuleFault, rulesInvalid } from "./faults.ts";

/** Files of an output that are rules, and not served. */
const RULE_FILES = ["_redirects", "_headers"] as const;

/** What editors and people make of those names. */
const MISNAMED = RULE_FILES.flatMap((right) => [`${right}.txt`, right.slice(0, -1)].map((file) => ({ file, right })));

/** What the source says of rules; the rest stands in the output. */
export type SourceRules = Pick<RuleTexts, "netlify" | "vercel" | "hasCloudflareMark" | "unread">;

/** Vercel's other forms of a vercel.json, programs most of them, none of which is run. */
const UNREAD = ["vercel.ts", "vercel.mts", "vercel.js", "vercel.mjs", "vercel.cjs", "vercel.toml"];

/** netlify.toml and vercel.json of the site's folder; a netlify.toml at the top counts when its base is that folder. */
export async function readSourceRules(files: SourceFiles, root: string): Promise<SourceRules> {
  const read = async (folder: string, name: string): Promise<RuleText | undefined> => {
    const text = await files.text(folder, name);
    return text === undefined ? undefined : { file: files.join(folder, name), text };
  };
  const above = async () =>
    root !== "." && (await netlifyBase(files)) === root ? await read(".", "netlify.toml") : undefined;
  return {
    netlify: (await read(root, "netlify.toml")) ?? (await above()),
    vercel: await read(root, "vercel.json"),
    hasCloudflareMark: ["wrangler.toml", "wrangler.json", "wrangler.jsonc"].some((name) => files.has(root, name)),
    unread: UNREAD.filter((name) => files.has(root, name)).map((name) => ({
      file: files.join(root, name),
      right: "vercel.json",
    })),
  };
}

/**
 * Of the source's own rules what can't be used whatever a build writes: nobody is to wait for a build to hear of it.
 * @throws BerthError `rules_invalid`
 */
export function assertUsable(source: SourceRules, settings: ProjectSettings): void {
  if (settings.rules === "warn") return;
  const [full, empty] = [true, false].map((isThere) => compileRules(source, () => isThere).faults);
  const named = new Set(empty!.map(({ file, line, reason }) => `${file}:${line} ${reason}`));
  const grave = full!.filter(
    ({ file, line, reason, isHarmless }) => !isHarmless && named.has(`${file}:${line} ${reason}`),
  );
  if (grave.length > 0) throw rulesInvalid(grave);
}

/** An output, as far as rules are concerned; paths without a leading slash. */
export interface RuleOutput {
  has(path: string): boolean;
  blobOf(path: string): BlobRef | undefined;
  bytesOf(path: string): Promise<Uint8Array>;
}

/** What a warning of a rule begins with. */
export const LEFT_OUT = "A rule is left out:";

export interface PublishedRules {
  routes: Routes | undefined;
  ruleFiles: Manifest["ruleFiles"];
  /** Rules that are left out, as the project's setting allows. */
  warnings: string[];
}

/**
 * The rules of an output, the rule files among its files, and of its source.
 * @throws BerthError `rules_invalid`
 */
export async function rulesOf(
  source: SourceRules,
  output: RuleOutput,
  settings: ProjectSettings,
  howToWritePages: string | null = null,
): Promise<PublishedRules> {
  const read = async (name: string): Promise<RuleText | undefined> => {
    const blob = output.blobOf(name);
    if (blob === undefined) return undefined;
    if (blob.size > RULE_FILE_MAX_BYTES) return { file: name, text: "", isTooLarge: true };
    return { file: name, text: new TextDecoder().decode(await output.bytesOf(name)) };
  };
  const texts: RuleTexts = {
    redirects: await read("_redirects"),
    headers: await read("_headers"),
    netlify: source.netlify ?? (await read("netlify.toml")),
    vercel: source.vercel ?? (await read("vercel.json")),
    hasCloudflareMark: source.hasCloudflareMark || output.has("_routes.json"),
    unread: [...(source.unread ?? []), ...MISNAMED.filter(({ file }) => output.has(file))],
  };
  const { routes, faults } = compileRules(texts, (path) => hasPage(output, path));
  if (routes !== undefined) leaveMovedOut(routes, faults, { output, mode: settings.html_handling });
  const grave = faults.filter(({ isHarmless }) => !isHarmless);
  if (grave.length > 0 && settings.rules !== "warn") throw rulesInvalid(grave, howToWritePages);
  const ruleFiles: Record<string, BlobRef> = {};
  for (const name of RULE_FILES) {
    const blob = output.blobOf(name);
    if (blob !== undefined) ruleFiles[name] = { hash: blob.hash, size: blob.size };
  }
  return {
    routes: await withSiteBase(routes, output),
    ruleFiles: Object.keys(ruleFiles).length === 0 ? undefined : ruleFiles,
    warnings: faultLines(faults).map((line) => `${LEFT_OUT} ${line}`),
  };
}

/**
 * Headers for `/about.html` reach nobody where that is moved to `/about`: a redirect carries none. Who wrote them for the
 * page hears which path to write.
 */
function leaveMovedOut(
  routes: Routes,
  faults: RuleFault[],
  { output, mode = "auto-trailing-slash" }: { output: RuleOutput; mode?: HtmlHandling | undefined },
): void {
  const { paths } = routes;
  // A forced rule answers before HTML handling moves a path, but not before a vercel.json's way with paths does.
  if (paths === undefined && routes.rules.some(({ forced }) => forced)) return;
  const files = { has: (path: string) => output.has(path.slice(1)) };
  const decide = (path: string): HtmlDecision => {
    if (paths === undefined) return handleHtml(mode, path, files);
    const to = styledPath(paths, path);
    return to === undefined ? { kind: "file", path } : { kind: "moved", to };
  };
  routes.headers = routes.headers.filter(({ path: [path, ...more], anySlash, origin }) => {
    if (typeof path !== "string" || more.length > 0) return true;
    const bare = path.replace(/\/$/, "");
    const found = (anySlash ? [bare, `${bare}/`] : [path]).map(decide);
    const moved = found.find(({ kind }) => kind === "moved");
    if (moved?.kind !== "moved" || found.some(({ kind }) => kind === "file")) return true;
    const reason = `its headers would reach nobody, as ${quoted(path)} leads to ${quoted(moved.to)}: write that path`;
    faults.push({ ...origin, reason, isHarmless: true });
    return false;
  });
}

/**
 * A site that was built to lie below `/name/` is shown there, too: its page asks for its files there, and people have
 * such addresses. It comes after all that the site's own rules say.
 */
async function withSiteBase(routes: Routes | undefined, output: RuleOutput): Promise<Routes | undefined> {
  const index = output.blobOf("index.html");
  if (index === undefined || index.size > INDEX_MAX_BYTES) return routes;
  const text = new TextDecoder().decode(await output.bytesOf("index.html"));
  const base = siteBase({ text, has: output.has });
  if (base === undefined || base.host !== "") return routes;
  const { redirects, rules, rewrites, headers, ...rest } = routes ?? NO_ROUTES;
  const route: Route = {
    path: [`/${base.folder}/`, { rest: "splat" }],
    anySlash: true,
    to: ["/", { use: "splat" }],
    status: 200,
    origin: { file: "index.html", line: 1 },
  };
  return { redirects, rules, rewrites: [...rewrites, route], headers, ...rest };
}

const NO_ROUTES: Routes = { redirects: [], rules: [], rewrites: [], headers: [] };

export function isRuleFile(path: string): boolean {
  return (RULE_FILES as readonly string[]).includes(path);
}

function hasPage(files: RuleOutput, path: string): boolean {
  const bare = path.slice(1).replace(/\/$/, "");
  if (bare === "") return files.has("index.html");
  return [bare, `${bare}.html`, `${bare}/index.html`].some((name) => files.has(name));
}
