import type { Route, Routes } from "../../model/routes.ts";
import { noting, type RuleFault } from "./faults.ts";
import { parseHeadersFile } from "./headers-file.ts";
import { parseNetlifyToml } from "./netlify-toml.ts";
import { parseRedirectsFile } from "./redirects-file.ts";
import { refuseLoop, refuseWithoutTarget } from "./route-parts.ts";
import { parseVercelJson } from "./vercel-json.ts";

export interface RuleText {
  /** As messages name it. */
  file: string;
  /** Empty for a file that is larger than a rule file may be. */
  text: string;
  isTooLarge?: boolean;
}

/** The texts that rules are written in; each is absent when its file is. */
export interface RuleTexts {
  redirects?: RuleText | undefined;
  headers?: RuleText | undefined;
  netlify?: RuleText | undefined;
  vercel?: RuleText | undefined;
  /** Something beside them is of Cloudflare alone: a wrangler file, `_routes.json`. */
  hasCloudflareMark: boolean;
  /** Files that may hold rules and are not read. */
  unread?: readonly { file: string; right: string }[];
}

const MAX_RULES = 20_000;
export const RULE_FILE_MAX_BYTES = 4 * 1024 * 1024;

/**
 * All rules of a deployment. One that can't be used is left out and told in `faults`.
 * @param hasFile whether the output has a page or file at a path that begins with a slash
 */
export function compileRules(
  texts: RuleTexts,
  hasFile: (path: string) => boolean,
): { routes: Routes | undefined; faults: RuleFault[] } {
  const faults: RuleFault[] = (texts.unread ?? []).map(({ file, right }) => ({
    file,
    line: 1,
    reason: `the file is not read: its redirects, rewrites and headers have to stand in a ${right}`,
    isHarmless: true,
  }));
  const within = (text: RuleText | undefined): RuleText | undefined => {
    if (text === undefined || (!text.isTooLarge && text.text.length <= RULE_FILE_MAX_BYTES)) return text;
    faults.push({ file: text.file, line: 1, reason: `the file is larger than ${RULE_FILE_MAX_BYTES / 1024 ** 2} MiB` });
    return undefined;
  };
  const [redirectsFile, headersFile] = [within(texts.redirects), within(texts.headers)];
  const [netlifyToml, vercelJson] = [within(texts.netlify), within(texts.vercel)];
  const isForCloudflare = texts.netlify === undefined && texts.hasCloudflareMark;
  const listed =
    redirectsFile && parseRedirectsFile(redirectsFile.text, { file: redirectsFile.file, isForCloudflare }, faults);
  const netlify = netlifyToml && parseNetlifyToml(netlifyToml.text, netlifyToml.file, faults);
  const vercel = vercelJson && parseVercelJson(vercelJson.text, vercelJson.file, faults);
  const headers = headersFile ? parseHeadersFile(headersFile.text, headersFile.file, faults) : [];

  const usable = (routes: readonly Route[] = [], { isFirst = false, slashCounts = false } = {}): Route[] =>
    routes.flatMap((route) => {
      const where = { goesBeforeFiles: isFirst || route.forced === true, slashCounts, hasFile };
      return noting(faults, route.origin, () => refuseLoop(route, where)) ?? [];
    });
  const routes: Routes = {
    redirects: usable(vercel?.redirects, { isFirst: true }),
    rules: [...usable(listed?.routes, { slashCounts: listed?.isCloudflare === true }), ...usable(netlify?.routes)],
    rewrites: (vercel?.rewrites ?? []).filter(
      (route) => noting(faults, route.origin, () => refuseWithoutTarget(route, hasFile)) !== undefined,
    ),
    headers: [...headers, ...(netlify?.headers ?? []), ...(vercel?.headers ?? [])],
  };
  if (vercel?.paths !== undefined) routes.paths = vercel.paths;
  const all = [...routes.redirects, ...routes.rules, ...routes.rewrites, ...routes.headers];
  const beyond = all[MAX_RULES];
  if (beyond !== undefined) {
    faults.push({ ...beyond.origin, reason: `a site can have ${MAX_RULES} rules, and this one is beyond them` });
    return { routes: undefined, faults };
  }
  return { routes: all.length > 0 || routes.paths !== undefined ? routes : undefined, faults };
}
