import { expect, test } from "bun:test";
import { buildPlan, type Sources, sourceOf } from "./plan/testing/in-memory-source.ts";
import { mentionsContext, readsContext } from "./reads-context.ts";

test.each([
  "export const isLive = process.env.CONTEXT === 'production';",
  "const { VERCEL_ENV } = process.env;",
  `import { BERTH_ENVIRONMENT } from "$env/static/private";`,
  `{{ getenv "BRANCH" }}`,
  "site: process.env.DEPLOY_PRIME_URL,",
  "VITE_HOST=$VERCEL_URL",
  `const branch = process.env["HEAD"] ?? process.env.HEAD;`,
  "define: { 'process.env': env }",
  "write(JSON.stringify(process.env))",
  "for (const [name, value] of Object.entries(process.env)) {",
  "printenv > public/about.txt",
  "readFileSync('/proc/self/environ')",
  "const branch = execSync('git rev-parse --abbrev-ref HEAD')",
  "spawn('git', ['branch', '--show-current'])",
  "git symbolic-ref --short HEAD",
])("asks for the context: %s", (text) => expect(mentionsContext(text)).toBeTrue());

test.each([
  "const commit = process.env.COMMIT_REF, site = process.env.URL;",
  "git rev-parse HEAD",
  "process.env.REACT_APP_CONTEXT",
  "const RENDER_CONTEXT_KEY = 1; // the context of a branch",
  "define: { 'process.env': {} }",
  "spawn(tool, { env: { ...process.env } })",
])("does not: %s", (text) => expect(mentionsContext(text)).toBeFalse());

const site = (change: Sources = {}): Sources => ({
  "package.json": { scripts: { build: "vite build" }, dependencies: { vite: "^7" } },
  "index.html": "<p>VERCEL",
  ...change,
});
const reads = async (sources: Sources) => await readsContext(await buildPlan(sources), sourceOf(sources));
const READ = "process.env.CONTEXT";

test.each<[string, Sources, boolean]>([
  ["a plain site", site(), false],
  ["code of its own", site({ "src/deep/banner.tsx": READ }), true],
  ["a configuration", site({ "netlify.toml": '[build]\ncommand = "CI= vite build --mode $CONTEXT"' }), true],
  ["an .env file", site({ ".env.production": "VITE_X=$CONTEXT" }), true],
  ["a script", site({ "package.json": { scripts: { build: "vite build --mode $CONTEXT" } } }), true],
  ["a text about it", site({ "README.md": READ, "data/words.json": READ }), false],
  ["another host's workflow", site({ ".github/workflows/ci.yml": READ }), false],
  ["Next.js", { "package.json": { scripts: { build: "next build" }, dependencies: { next: "15.0.0" } } }, true],
  [
    "more than is looked at",
    site(Object.fromEntries(Array.from({ length: 2001 }, (_, n) => [`src/${n}.js`, ""]))),
    true,
  ],
])("%s", async (_, sources, expected) => expect(await reads(sources)).toBe(expected));
