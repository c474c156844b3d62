import type { Tree, TreeEntry } from "../model/tree.ts";
import { inParallel } from "../store/concurrency.ts";
import { namesOfContext } from "./host-variables.ts";
import type { BuildPlan } from "./plan/plan.ts";

/** What runs in a build or tells it what to do. */
const CODE = /\.([mc]?[jt]sx?|vue|svelte|astro|mdx|html?|njk|liquid|ejs|pug|hbs|rb|py|sh|toml|ya?ml)$/;
const NAMED = /^(package|vercel|turbo|nx|project|angular)\.json$|^\.env(\.|$)|^(Make|Just)file$/;
const ASIDE = /^(pnpm-lock\.yaml)$|(^|\/)(node_modules|\.github|\.yarn)\//;

/** More than this is not looked at, and counts as code that reads them. */
const MAX_FILES = 2000;
const MAX_BYTES = 16 * 1024 ** 2;
const AT_ONCE = 32;

/** By their own code they put addresses and environment of the host into pages. */
const READING_FRAMEWORKS: ReadonlySet<string> = new Set(["next", "nuxt", "blitz"]);

/** `HEAD` is a word of git's and of HTTP's, too. */
const NAMES = namesOfContext().filter((name) => name !== "HEAD");
const MENTION = new RegExp(
  [
    `(?<![A-Za-z0-9_])(${NAMES.join("|")})(?![A-Za-z0-9_])`,
    /(env\??\.|env(\?\.)?\[\s*["'`]|\$\{?)HEAD\b/.source,
    // The whole environment, as a text or in the bundler's hands.
    /JSON\.stringify\(\s*(process|import\.meta)\.env\s*[,)]/.source,
    /["'`](process|import\.meta)\.env["'`]\s*:(?!\s*\{\s*\})/.source,
    /\bprintenv\b|\bObject\.(entries|keys|values)\(\s*process\.env\s*\)|\/proc\/self\/environ\b/.source,
    // The branch, as git tells it.
    /--abbrev-ref\b|--show-current\b|\bsymbolic-ref\b/.source,
  ].join("|"),
);

/** Whether a text asks for a variable whose value is another one in production than in a preview. Pure. */
export const mentionsContext = (text: string): boolean => MENTION.test(text);

/**
 * Whether a build may give another output in production than in a preview, as far as its source, its commands and its
 * framework tell. What dependencies read is not seen.
 */
export async function readsContext(
  plan: BuildPlan & { kind: "build" },
  { tree, readFile }: { tree: Tree; readFile(path: string): Promise<string | undefined> },
): Promise<boolean> {
  if (plan.framework !== null && READING_FRAMEWORKS.has(plan.framework)) return true;
  if ([...(plan.install ?? []), ...plan.build, ...Object.values(plan.env)].some(mentionsContext)) return true;
  const files = tree.entries.filter(isCode);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length > MAX_FILES || bytes > MAX_BYTES) return true;
  let isFound = false;
  await inParallel(files, AT_ONCE, async ({ path }) => {
    if (isFound) return;
    const text = await readFile(path);
    if (text === undefined || mentionsContext(text)) isFound = true;
  });
  return isFound;
}

function isCode({ path, mode }: TreeEntry): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return mode !== "120000" && !ASIDE.test(path) && (CODE.test(name) || NAMED.test(name));
}
