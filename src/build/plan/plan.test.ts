import { describe, expect, test } from "bun:test";
import { buildPlan, plan } from "./testing/in-memory-source.ts";

const lock = { "package-lock.json": "{}" };
const shell = (line: string) => ["/bin/sh", "-c", line];

describe("sources that are served as they are", () => {
  test("pages at the root", async () => {
    const result = await plan({ "index.html": "<p>", "style.css": "" });
    expect(result).toMatchObject({ kind: "static", root: ".", output: ".", framework: null, warnings: [] });
  });

  test("the one usual folder with an index page", async () => {
    expect(await plan({ "public/index.html": "", "dist/app.js": "" })).toMatchObject({
      kind: "static",
      output: "public",
    });
  });

  test("two such folders are unclear, and both are named", async () => {
    const failing = plan({ "public/index.html": "", "docs/index.html": "" });
    await expect(failing).rejects.toMatchObject({
      code: "framework_unknown",
      hint: expect.stringContaining("docs, public"),
    });
  });

  test("pages without an index are served with a warning", async () => {
    const result = await plan({ "about.html": "" });
    expect(result).toMatchObject({ kind: "static", output: ".", warnings: [expect.stringContaining("index.html")] });
  });

  test("nothing to show says what was found, and which generator it looks like", async () => {
    const failing = plan({ "mkdocs.yml": "", "content/a.md": "" });
    await expect(failing).rejects.toMatchObject({
      code: "framework_unknown",
      hint: expect.stringMatching(/content, mkdocs.yml.*MkDocs/),
    });
  });

  test("Lektor is told by its project's file, and pages of any name can be published all the same", async () => {
    await expect(plan({ "Site.lektorproject": "", "content/contents.lr": "" })).rejects.toMatchObject({
      hint: expect.stringContaining("'Site.lektorproject' looks like Lektor"),
    });
    const lessons = { "README.md": "", "01 - Drums/start.html": "<p>" };
    await expect(plan(lessons)).rejects.toMatchObject({ hint: expect.stringContaining("output_directory=.") });
    expect(await plan(lessons, { output_directory: "." })).toMatchObject({ kind: "static", output: "." });
  });

  test("a theme of a generator is told from a site of it", async () => {
    const theme = { "theme.toml": "", "go.mod": "", "layouts/baseof.html": "" };
    await expect(plan(theme)).rejects.toMatchObject({ hint: expect.stringContaining("a theme for Hugo or Zola") });
    await expect(plan({ "theme.toml": "", "go.mod": "" })).rejects.toMatchObject({
      hint: expect.stringContaining("Go,"),
    });
  });

  test("a page that a generator fills in is not published as it stands", async () => {
    const jekyll = { "_config.yml": "", Gemfile: "", "index.html": "---\nlayout: home\n---\n{{ content }}" };
    await expect(plan(jekyll)).rejects.toMatchObject({
      code: "framework_unknown",
      message: expect.stringContaining("'index.html' is a template"),
      hint: expect.stringMatching(/Jekyll.*framework=static/),
    });
    expect(await plan(jekyll, { framework: "static" })).toMatchObject({ kind: "static", output: "." });
    const flutter = { "pubspec.yaml": "", "web/index.html": '<base href="$FLUTTER_BASE_HREF">' };
    await expect(plan(flutter)).rejects.toMatchObject({ hint: expect.stringContaining("Flutter") });
    const included = { "index.html": '<head>\n  @@include(\'./_head.html\', { "path": "." })\n</head>' };
    await expect(plan(included)).rejects.toMatchObject({
      message: expect.stringContaining("'index.html' is a template"),
    });
    expect(await plan({ "index.html": "<p>\n---\n<code>@@include('x')</code>" })).toMatchObject({ kind: "static" });
  });

  test("what is shown in a page's place is no page", async () => {
    for (const name of ["404.html", "500.html", "406-unsupported-browser.html", "googlea1b2c3d4e5f60718.html"]) {
      const jekyll = { "_config.yml": "", "index.md": "---\n---\n", [name]: "<p>" };
      await expect(plan(jekyll)).rejects.toMatchObject({ hint: expect.stringContaining("Jekyll") });
    }
    const about = { "_config.yml": "", "index.md": "", "about.html": "---\n---\n{{ site.title }}", "404.html": "" };
    await expect(plan(about)).rejects.toMatchObject({ message: expect.stringContaining("'about.html' is a template") });
    expect(await plan(about, { framework: "static" })).toMatchObject({ kind: "static" });
    expect(await plan({ "404-tips.html.txt": "", "4040.html": "" })).toMatchObject({ kind: "static" });
  });

  test("what belongs to Hugo and is no site is told as that, not by the language of its modules", async () => {
    for (const [source, hint] of [
      [
        { "theme.toml": "", "go.mod": "", "layouts/index.html": "" },
        /theme for Hugo or Zola.*deploy a site that uses it/,
      ],
      [{ "archetypes/default.md": "", "go.mod": "", "content/a.md": "" }, /Hugo, and its configuration \(hugo\.toml\)/],
    ] as const) {
      await expect(plan(source)).rejects.toMatchObject({ hint: expect.stringMatching(hint) });
      await expect(plan(source)).rejects.not.toMatchObject({
        hint: expect.stringMatching(/Go,|builds here don't have/),
      });
    }
  });

  test("a server of another language is told by its name, with and without a package.json", async () => {
    const rails = { Gemfile: "", "config/application.rb": "", "public/404.html": "" };
    for (const source of [rails, { ...rails, "package.json": { scripts: { lint: "x" } } }]) {
      await expect(plan(source)).rejects.toMatchObject({ hint: expect.stringContaining("made with Ruby on Rails") });
    }
    const scripts = { "package.json": { scripts: { build: "esbuild app/javascript/*.* --bundle" } } };
    expect(await buildPlan({ ...rails, ...scripts })).toMatchObject({
      serverOutputs: ["config/application.rb"],
      outputHint: expect.stringContaining("Ruby on Rails"),
    });
    const laravel = {
      artisan: "",
      "package.json": { scripts: { build: "vite build" }, devDependencies: { vite: "7" } },
    };
    expect(await buildPlan(laravel)).toMatchObject({ framework: "vite", serverOutputs: ["artisan"] });
  });

  test("a generator beside a package.json is named, and its templates are no output", async () => {
    const scripts = { "package.json": { scripts: { build: "sass in out" } } };
    const jekyll = await buildPlan({ ...scripts, "_config.yml": "", "index.html": "---\n---\n{{ content }}" });
    expect(jekyll.warnings[0]).toMatch(/'_config.yml' looks like Jekyll.* Here 'npm run build' alone is run\.$/);
    expect(jekyll.outputHint).toContain("Jekyll");
    expect(jekyll.outputCandidates).not.toContain(".");
    expect((await buildPlan({ ...scripts, "index.html": "<p>" })).outputCandidates).toContain(".");
    const hexo = { "package.json": { scripts: { build: "hexo generate" }, dependencies: { hexo: "7" } } };
    expect((await buildPlan({ ...hexo, "_config.yml": "", ...lock })).warnings).toEqual([]);
    const below = plan({ "docs/_config.yml": "", "docs/index.html": "---\n---\n" });
    await expect(below).rejects.toMatchObject({ hint: expect.stringContaining("Jekyll") });
  });

  test("a preset's framework is told by the program that the script runs", async () => {
    const preset = { scripts: { build: "docusaurus build" }, dependencies: { "@team/preset": "1" } };
    expect(await buildPlan({ "package.json": preset })).toMatchObject({ framework: "docusaurus" });
    const other = { scripts: { build: "node next.js && vite-node x" } };
    expect(await buildPlan({ "package.json": other })).toMatchObject({ framework: null });
  });

  test("a library with a page in a folder is told what to set, and published so", async () => {
    const source = { "package.json": { scripts: { test: "x" } }, "demo/index.html": "", "lib.js": "" };
    const { hint } = await plan(source).catch((error) => error);
    expect(hint).toContain("An index.html is in: demo. Set root to the folder to be published.");
    expect(await plan(source, { root: "demo" })).toMatchObject({ kind: "static", root: "demo" });
  });

  test("what a page asks for below a folder of its host is not missing, as it is shown there", async () => {
    const page = '<script src="/boats/app.js"></script><script src="/boats/gone.js"></script>';
    const { warnings } = await plan({ "index.html": page, "app.js": "" });
    expect(warnings).toEqual([expect.stringMatching(/^index.html asks for boats\/gone.js, which/)]);
  });

  test("scripts and styles that an index page asks for and nothing holds are named", async () => {
    const page = '<link rel=stylesheet href="/app.css"><script src="elm.js"></script>';
    const elm = await plan({ "elm.json": "{}", "index.html": page, "app.css": "" });
    expect(elm.warnings).toEqual([expect.stringMatching(/^index.html asks for elm.js, .*'elm.json' looks like Elm/)]);
    expect((await plan({ "index.html": page, "app.css": "", "elm.js": "" })).warnings).toEqual([]);
  });

  test("an index page that a package in its folder builds is no page yet", async () => {
    const bundled = { scripts: { build: "vite build" }, devDependencies: { vite: "7" } };
    for (const folder of ["site", "docs", "src"]) {
      const site = { "README.md": "", [`${folder}/package.json`]: bundled, [`${folder}/index.html`]: "" };
      expect(await plan(site)).toMatchObject({ kind: "build", root: folder, framework: "vite" });
      expect(await plan({ ...site, "package.json": { scripts: { lint: "x" } } })).toMatchObject({ root: folder });
    }
    const plain = { "docs/package.json": { scripts: { start: "serve" } }, "docs/index.html": "" };
    expect(await plan(plain)).toMatchObject({ kind: "static", output: "docs" });
  });

  test("the front end beside a server; a site that must be built comes before it", async () => {
    const server = { "backend/package.json": { scripts: { start: "node ." } }, "web/index.html": "" };
    expect(await plan(server)).toMatchObject({ kind: "static", root: ".", output: "web" });
    const docs = {
      "docs/package.json": { scripts: { build: "docusaurus build" }, dependencies: { "@docusaurus/core": "3" } },
    };
    expect(await plan({ ...server, ...docs })).toMatchObject({ kind: "build", root: "docs" });
    expect(await plan({ ...server, "public/index.html": "" })).toMatchObject({ kind: "static", output: "public" });
  });

  test("folders with an index page are named where none is taken", async () => {
    const pages = { "my site/index.html": "", "a/b/index.html": "", "templates/index.html": "" };
    await expect(plan({ "go.mod": "", ...pages })).rejects.toMatchObject({
      hint: expect.stringMatching(/looks like Go.*An index\.html is in: my site, a\/b\./),
    });
  });

  test("a package.json without a build script beside an index page", async () => {
    expect(await plan({ "package.json": { scripts: { test: "x" } }, "index.html": "" })).toMatchObject({
      kind: "static",
    });
  });

  test("a package.json without a build script and a folder that the settings name", async () => {
    const source = { "package.json": { scripts: { test: "x" } }, "demo/index.html": "", "main.js": "" };
    await expect(plan(source)).rejects.toMatchObject({ code: "framework_unknown" });
    expect(await plan(source, { output_directory: "demo" })).toMatchObject({ kind: "static", output: "demo" });
    await expect(plan(source, { output_directory: "no" })).rejects.toMatchObject({ code: "framework_unknown" });
  });

  test("a placeholder script is none", async () => {
    const scripts = { build: 'echo "no build step" && exit 1' };
    expect(await plan({ "package.json": { scripts }, "index.html": "" })).toMatchObject({ kind: "static" });
  });

  test("framework=static does not read package.json", async () => {
    const result = await plan(
      { "package.json": "{", "www/index.html": "" },
      { framework: "static", output_directory: "www" },
    );
    expect(result).toMatchObject({ kind: "static", framework: "static", output: "www" });
    expect(result.resolved.output_directory).toEqual({ value: "www", from: "project settings" });
  });

  test("an asked folder that is not there", async () => {
    const failing = plan({ "index.html": "" }, { output_directory: "dist" });
    await expect(failing).rejects.toMatchObject({ code: "output_missing" });
  });

  test("a link is no index page", async () => {
    await expect(plan({ "index.html": "-> /etc/passwd" })).rejects.toMatchObject({ code: "framework_unknown" });
  });

  test("netlify.toml's publish folder without a command", async () => {
    const result = await plan({ "netlify.toml": '[build]\npublish = "site/"', "site/index.html": "" });
    expect(result).toMatchObject({ kind: "static", output: "site" });
    expect(result.resolved.output_directory).toEqual({ value: "site", from: "netlify.toml" });
  });
});

describe("the root", () => {
  const vite = {
    "package.json": { scripts: { build: "vite build" }, devDependencies: { vite: "^7" } },
    "index.html": "",
  };
  const below = (folder: string) =>
    Object.fromEntries(Object.entries(vite).map(([path, text]) => [`${folder}/${path}`, text]));

  test("by setting, and missing", async () => {
    expect(await plan(below("web"), { root: "web" })).toMatchObject({ root: "web", framework: "vite" });
    await expect(plan(below("web"), { root: "app" })).rejects.toMatchObject({
      code: "root_not_found",
      hint: expect.stringContaining("web"),
    });
  });

  test("a file is no root", async () => {
    await expect(plan({ "index.html": "" }, { root: "index.html" })).rejects.toMatchObject({ code: "root_not_found" });
    const refused = (settings: { root: string } | { output_directory: string }) =>
      plan({ "index.html": "" }, settings).catch(({ hint }) => hint);
    expect(await refused({ root: "no" })).toBe("Set root to one of these: '.'.");
    expect(await refused({ output_directory: "no" })).toEndWith("Set output_directory to one of these: '.'.");
  });

  test("by netlify.toml's base, with publish seen from it", async () => {
    const toml = '[build]\nbase = "web/"\npublish = "out"\ncommand = "make site"';
    const result = await buildPlan({ ...below("web"), "netlify.toml": toml });
    expect(result).toMatchObject({ root: "web", build: shell("make site") });
    expect(result.outputCandidates[0]).toBe("out");
    expect(result.resolved).toMatchObject({
      root: { from: "netlify.toml" },
      build_command: { value: "make site", from: "netlify.toml" },
    });
  });

  test("the only folder with something to build", async () => {
    const result = await plan({ "README.md": "", ...below("web"), "api/main.go": "" });
    expect(result).toMatchObject({
      root: "web",
      resolved: { root: { from: "detected" } },
      warnings: [expect.stringContaining("'web'"), expect.any(String)],
    });
  });

  test("of several, none is taken, and they are offered by name", async () => {
    await expect(plan({ "README.md": "", ...below("a"), ...below("b") })).rejects.toMatchObject({
      code: "site_ambiguous",
      message: "The source holds 2 sites: a, b.",
      hint: expect.stringContaining("--root a or --root b"),
    });
    const many = Array.from({ length: 15 }, (_, at) => below(`apps/s${10 + at}`));
    const top = { "package.json": { scripts: { prepare: "husky" } } };
    await expect(plan(Object.assign({}, top, ...many))).rejects.toMatchObject({
      code: "site_ambiguous",
      message: expect.stringMatching(/15 sites: apps\/s10, .*, and 3 more\.$/),
    });
  });

  test("themes and demonstrations are no sites beside one", async () => {
    const theme = { scripts: { build: "NODE_ENV=production tsup" }, peerDependencies: { astro: "6" } };
    const top = { "package.json": { workspaces: ["*"], scripts: { build: "turbo run build" } } };
    const others = { "theme/package.json": { ...theme, devDependencies: { astro: "6" } }, ...below("node-demo") };
    expect(await plan({ ...top, ...below("docs"), ...others })).toMatchObject({ root: "docs" });
  });

  test("the site below a library that Vite bundles is taken, whatever page lies beside the library", async () => {
    const config = { "vite.config.ts": "export default {\n  build: {\n    lib: {} } }", "index.html": "" };
    const library = (scripts: object) => ({ ...config, "package.json": { scripts, devDependencies: { vite: "7" } } });
    const alone = library({ build: "tsc && vite build" });
    expect(await plan({ ...alone, ...below("docs") })).toMatchObject({ root: "docs", workspaceRoot: "docs" });
    expect(await plan(alone)).toMatchObject({ root: "." });
    const demo = library({ build: "vite build", "build:demo": "vite build --mode demo" });
    expect(await plan({ ...demo, ...below("docs") })).toMatchObject({ root: ".", build: ["npm", "run", "build:demo"] });
    const both = library({ build: "vite build", "build:lib": "vite build --mode lib" });
    expect(await plan({ ...both, ...below("docs") })).toMatchObject({ root: "." });
  });

  test("libraries for a framework are no sites, whatever makes them", async () => {
    const top = { "package.json": { workspaces: ["*"], scripts: { build: "turbo run build" } } };
    const forAstro = { scripts: { build: "node make-icons.mjs" }, devDependencies: { astro: "7" } };
    const forAngular = { scripts: { build: "ng build" }, dependencies: { "@angular/cli": "21" } };
    const others = {
      "astro/package.json": { ...forAstro, peerDependencies: { astro: "^6 || ^7" } },
      "angular/package.json": forAngular,
      "angular/angular.json": { projects: { icons: { projectType: "library", root: "" } } },
    };
    expect(await plan({ ...top, ...below("docs"), ...others })).toMatchObject({ root: "docs" });
    const apps = {
      "angular/angular.json": { projects: { icons: { projectType: "library" }, app: { projectType: "application" } } },
    };
    await expect(plan({ ...top, ...below("docs"), ...others, ...apps })).rejects.toMatchObject({
      code: "site_ambiguous",
    });
    const themeSite = { ...forAstro, scripts: { build: "astro build" }, peerDependencies: { astro: "7" } };
    await expect(plan({ ...top, ...below("docs"), "site/package.json": themeSite })).rejects.toMatchObject({
      code: "site_ambiguous",
    });
  });

  test("the site beside a workspace of libraries is taken, and boilerplates are none", async () => {
    const library = { "packages/core/package.json": { name: "core", scripts: { build: "tsc" } } };
    const top = { "package.json": { workspaces: ["packages/*"], scripts: { build: "npm run build --workspaces" } } };
    expect(await plan({ ...top, ...library, ...below("website"), ...below("examples/a") })).toMatchObject({
      root: "website",
      workspaceRoot: "website",
    });
    expect(await plan({ ...top, ...library, ...below("examples/a") })).toMatchObject({ root: "." });
    const create = { ...below("packages/create/boilerplate-vue"), ...below("packages/create/boilerplate") };
    expect(await plan({ ...create, ...below("docs") })).toMatchObject({ root: "docs" });
  });

  test("where the build at the top is of nobody knows what, a site below is told of", async () => {
    const top = { "package.json": { scripts: { build: "node make.mjs" } } };
    expect(await buildPlan({ ...top, ...below("website") })).toMatchObject({
      root: ".",
      outputHint: expect.stringContaining("a site in: website"),
    });
    expect((await buildPlan(top)).outputHint).toBeNull();
  });

  test("a module's documentation is the site, and not the module, its playground or a part of a site", async () => {
    const scripts = { build: "node a.mjs && nuxt-module-build build", "docs:build": "pnpm run --filter docs build" };
    const own = { scripts, devDependencies: { nuxt: "4" } };
    const module = { "package.json": own, "pnpm-workspace.yaml": "packages:\n  - docs\n  - plugin\n  - docs/images\n" };
    const layered = {
      "docs/package.json": { name: "docs", scripts: { build: "nuxt build" }, dependencies: { docus: "5" } },
    };
    const plugin = { scripts: { build: "rollup -c" }, devDependencies: { vite: "7", vue: "3" } };
    const beside = { "plugin/package.json": plugin, "plugin/playground/index.html": "", ...below("docs/images") };
    expect(await plan({ ...module, ...layered, ...beside })).toMatchObject({ root: "docs", framework: "nuxt" });
    // A folder that is named as the framework is does not run it.
    own.scripts.build = "unbuild && nuxt-module-build build ./src/nuxt --outDir ../../dist/nuxt";
    expect(await plan({ ...module, "package.json": own, ...layered, ...beside })).toMatchObject({ root: "docs" });
  });

  test("Astro at the top of a workspace, there to check types alone, is not the site", async () => {
    const top = {
      "package.json": { scripts: { typecheck: "astro check" }, devDependencies: { astro: "7" } },
      "pnpm-workspace.yaml": "packages:\n  - docs\n",
    };
    const docs = { "docs/package.json": { scripts: { build: "astro build" }, dependencies: { astro: "7" } } };
    expect(await plan({ ...top, ...docs })).toMatchObject({ root: "docs", framework: "astro" });
    expect(await plan({ ...top, ...docs, "src/pages/index.astro": "" })).toMatchObject({ root: "." });
  });

  test("Nuxt's own script makes files, with all that it does before", async () => {
    const nuxt = (build: string) => ({ "package.json": { scripts: { build }, dependencies: { nuxt: "4" } }, ...lock });
    const made = await buildPlan(nuxt("nuxt-module-build build && nuxt build docs"));
    expect(made.build).toEqual(shell("nuxt-module-build build && nuxt generate docs"));
    expect(made.outputCandidates[0]).toBe("docs/.output/public");
    for (const build of ["nuxt build", "node a.mjs && nuxt build --preset=node-server"]) {
      expect((await buildPlan(nuxt(build))).build).toEqual(["npx", "--no-install", "nuxt", "generate"]);
    }
  });

  test("a program that needs a configuration is not run without one", async () => {
    const top = { "package.json": { devDependencies: { metalsmith: "2" } }, ...lock };
    expect(await buildPlan({ ...top, "metalsmith.json": "{}" })).toMatchObject({ framework: "metalsmith" });
    await expect(plan(top)).rejects.toMatchObject({ code: "framework_unknown" });
  });

  test("a top that has Next.js installed, and no pages for it, is no site", async () => {
    const top = { "package.json": { dependencies: { next: "^14.0.0" }, scripts: { lint: "eslint ." } } };
    await expect(plan({ ...top, ...below("basics/one"), ...below("basics/two") })).rejects.toMatchObject({
      code: "site_ambiguous",
      message: "The source holds 2 sites: basics/one, basics/two.",
    });
    expect(await plan({ ...top, "src/app/page.tsx": "", ...below("basics/one") })).toMatchObject({ root: "." });
  });

  test("one beside examples, and one that the build script names", async () => {
    const top = { "package.json": { workspaces: ["*", "apps/*"], scripts: { build: "turbo run build" } } };
    expect(await plan({ ...top, ...below("apps/web"), ...below("apps/example-a") })).toMatchObject({
      root: "apps/web",
    });
    const named = { "package.json": { workspaces: ["apps/*"], scripts: { build: "turbo run build --filter=web..." } } };
    expect(await plan({ ...named, ...below("apps/web"), ...below("apps/docs") })).toMatchObject({
      root: "apps/web",
      warnings: [expect.stringContaining("the build script names"), expect.any(String)],
    });
    await expect(plan({ ...top, ...below("apps/web"), ...below("apps/docs") })).rejects.toMatchObject({
      code: "site_ambiguous",
      hint: expect.stringContaining("--root apps/docs"),
    });
  });

  test("the website beside a library, and a site at the top beside packages", async () => {
    const library = {
      "package.json": { scripts: { build: "tsc -b" }, workspaces: ["packages/*"] },
      ...below("packages/www"),
    };
    expect(await plan(library)).toMatchObject({ root: "packages/www" });
    const own = { scripts: { build: "pnpm -r build && vitepress build" }, devDependencies: { vitepress: "1" } };
    expect(await plan({ "package.json": own, ...below("apps/web") })).toMatchObject({
      root: ".",
      framework: "vitepress",
    });
    const alone = { dependencies: { "@11ty/eleventy": "3" } };
    expect(await plan({ "package.json": alone, ...below("apps/web") })).toMatchObject({
      root: ".",
      framework: "eleventy",
    });
    // A script made to keep a pattern busy for ever does not.
    const busy = { scripts: { build: `${"dotenv -- ".repeat(300)}x`, "build:docs": "npx ".repeat(900) } };
    expect(await plan({ "package.json": busy, ...below("apps/web") })).toMatchObject({ root: "." });
    const unknown = { scripts: { build: "node make.mjs" } };
    expect(await plan({ "package.json": unknown, ...below("apps/web") })).toMatchObject({ root: ".", framework: null });
  });
});

describe("commands", () => {
  test("a pnpm workspace without a package.json at its top is installed there", async () => {
    const sources = {
      "pnpm-workspace.yaml": "packages:\n  - web\n",
      "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
      "web/package.json": { scripts: { build: "vite build" }, devDependencies: { vite: "8.0.0" } },
    };
    const made = await buildPlan(sources, { root: "web" });
    expect([made.workspaceRoot, made.install?.slice(0, 2)]).toEqual([".", ["pnpm", "install"]]);
  });

  test("Parcel's own command takes the page at the root, else what package.json calls its source", async () => {
    const packageJson = { source: "src/index.html", devDependencies: { parcel: "^2" } };
    const page = "<script type=module src=app.js></script>";
    const inside = await buildPlan({ "package.json": packageJson, "src/index.html": page, ...lock });
    expect(inside.build).toEqual(["npx", "--no-install", "parcel", "build"]);
    const atRoot = await buildPlan({ "package.json": packageJson, "index.html": page, ...lock });
    expect(atRoot.build).toEqual(["npx", "--no-install", "parcel", "build", "index.html"]);
  });

  test("install and build by the package manager, as argument arrays", async () => {
    const result = await buildPlan({
      "package.json": { scripts: { build: "astro build" }, dependencies: { astro: "^6" } },
      ...lock,
    });
    expect(result).toMatchObject({
      framework: "astro",
      packageManager: { name: "npm", version: null },
      workspaceRoot: ".",
      nodeVersion: "24",
      install: ["npm", "ci"],
      build: ["npm", "run", "build"],
      egress: "registry",
      warnings: [],
    });
    expect(result.resolved).toMatchObject({
      install_command: { value: "npm ci", from: "package-lock.json" },
      build_command: { value: "npm run build", from: "package.json" },
      output_directory: { value: "dist", from: "detected" },
      framework: { value: "astro", from: "detected" },
    });
  });

  test("settings come first, and run in the sandbox's shell", async () => {
    const result = await buildPlan(
      { "package.json": { scripts: { build: "astro build" } }, "netlify.toml": '[build]\ncommand = "x"', ...lock },
      {
        install_command: "npm i && true",
        build_command: "make | tee log",
        output_directory: "o",
        node_version: "22.x",
      },
    );
    expect(result).toMatchObject({
      install: shell("npm i && true"),
      build: shell("make | tee log"),
      outputCandidates: ["o"],
      nodeVersion: "22",
    });
    expect(Object.values(result.resolved).filter(({ from }) => from === "project settings")).toHaveLength(4);
  });

  test("what can be no argument of a program is as good as absent", async () => {
    const texts = { buildCommand: "make \0 site", installCommand: "x".repeat(70_000), outputDirectory: "si\0te" };
    const result = await buildPlan({
      "package.json": { scripts: { build: "astro build" } },
      "netlify.toml": '[build]\nbase = "a\\u0000"\ncommand = "\\u0000"',
      "vercel.json": JSON.stringify(texts),
      ...lock,
    });
    expect(JSON.stringify(result)).not.toMatch(/\\u0000|x{100}/);
    expect(result.resolved.build_command?.from).toBe("package.json");
  });

  test.each([
    ["many", Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`V${index}`, "x"]))],
    ["large", { A: "x".repeat(65 * 1024) }],
    ["large together", Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`V${index}`, "x".repeat(60_000)]))],
  ])("variables that are too %s are the repository's fault", async (_, env) => {
    const sources = { "package.json": { scripts: { build: "x" } }, "vercel.json": JSON.stringify({ build: { env } }) };
    await expect(buildPlan(sources)).rejects.toMatchObject({
      code: "build_limit",
      message: expect.stringMatching(/^vercel.json sets /),
    });
  });

  test("vercel.json, with an empty install command", async () => {
    const vercel = { buildCommand: "npm run site", installCommand: "", outputDirectory: "./web/" };
    const result = await buildPlan({ "package.json": { scripts: { site: "x" } }, "vercel.json": vercel, ...lock });
    expect(result).toMatchObject({ build: shell("npm run site"), install: null });
    expect(result.outputCandidates[0]).toBe("web");
  });

  test("the contexts of netlify.toml: the branch's before the general ones, those before [build]", async () => {
    const toml = [
      '[build]\ncommand = "a"\npublish = "p"\n[build.environment]\nX = "1"\nY = "1"',
      '[context.production]\ncommand = "b"\n[context.production.environment]\nX = "2"',
      '[context.branch-deploy]\ncommand = "c"\n[context.deploy-preview]\npublish = "q"',
      '[context."feature/x"]\ncommand = "d"',
    ].join("\n");
    const sources = { "package.json": {}, "netlify.toml": toml, ...lock };
    const built = async (production: boolean, branch: string | null) => {
      const result = await buildPlan(sources, {}, { production, branch });
      return [result.build.at(-1), result.outputCandidates[0], result.env.X, result.env.Y];
    };
    expect(await built(true, "main")).toEqual(["b", "p", "2", "1"]);
    expect(await built(false, "other")).toEqual(["c", "q", "1", "1"]);
    expect(await built(false, "feature/x")).toEqual(["d", "q", "1", "1"]);
    expect(await built(false, "constructor")).toEqual(["c", "q", "1", "1"]);
  });

  test("vercel.json's framework decides, and what builds don't use is named", async () => {
    const vercel = { framework: "vitepress", crons: [], ignoreCommand: "exit 0", cleanUrls: true };
    const toml =
      '[build]\nignore = "x"\n[functions]\na = 1\n[[plugins]]\npackage = "@netlify/plugin-nextjs"\n[[redirects]]\nfrom = "/a"\n[[redirect]]\nfrom = "/b"';
    const result = await buildPlan({
      "package.json": { scripts: { build: "vite build" }, devDependencies: { vite: "7" } },
      "vercel.json": vercel,
      "netlify.toml": toml,
      ...lock,
    });
    expect(result.framework).toBe("vitepress");
    expect(result.warnings).toEqual([
      "netlify.toml has what builds here don't use: build.ignore, functions, redirect, plugin @netlify/plugin-nextjs.",
      "vercel.json has what builds here don't use: crons, ignoreCommand.",
    ]);
  });

  test("Hugo, with the machine's program or the repository's own", async () => {
    const pages = { "hugo.toml": 'publishDir = "www"', "content/a.md": "" };
    expect(await buildPlan(pages)).toMatchObject({
      framework: "hugo",
      install: null,
      build: shell("hugo --gc --minify"),
      outputCandidates: ["www", "public"],
    });
    expect(await buildPlan({ "config.toml": "", "themes/x/a": "", "content/a.md": "" })).toMatchObject({
      framework: "hugo",
    });
    const zola = { "config.toml": 'base_url = "/"', "themes/x/a": "", "content/a.md": "" };
    await expect(plan(zola)).rejects.toMatchObject({ hint: expect.stringContaining("Zola") });
    const styles = { "package.json": { devDependencies: { postcss: "8" } }, ...pages, ...lock };
    expect(await buildPlan(styles)).toMatchObject({ install: ["npm", "ci"], build: shell("hugo --gc --minify") });
    const script = { "package.json": { scripts: { build: "hugo --environment live" } }, ...pages, ...lock };
    expect(await buildPlan(script)).toMatchObject({ framework: "hugo", build: ["npm", "run", "build"] });
    const kept = { "package.json": { devDependencies: { "hugo-extended": "0.150.0" } }, ...pages, ...lock };
    expect(await buildPlan(kept)).toMatchObject({ build: ["npx", "--no-install", "hugo", "--gc", "--minify"] });
  });

  test("files of other hosts that do not parse are warned of and passed over", async () => {
    const result = await plan({ "index.html": "", "netlify.toml": "[build", "vercel.json": "{" });
    expect(result.warnings).toEqual([expect.stringContaining("netlify.toml"), expect.stringContaining("vercel.json")]);
  });

  test("netlify.toml's environment sets Node and the build's variables, never the wall's", async () => {
    const toml =
      '[build.environment]\nNODE_VERSION = "20"\nNPM_FLAGS = "--legacy-peer-deps; rm"\nHUGO = 1\nLD_PRELOAD = "x"\nPATH = "x"\nHTTPS_PROXY = "x"';
    const result = await buildPlan({ "package.json": { scripts: { build: "x" } }, "netlify.toml": toml, ...lock });
    expect(result).toMatchObject({ nodeVersion: "20", env: { HUGO: "1", NODE_VERSION: "20", CI: "true" } });
    expect(Object.keys(result.env)).not.toContainAnyValues(["LD_PRELOAD", "PATH", "HTTPS_PROXY"]);
    expect(result.install).toEqual(["npm", "ci"]);
    const tidy = await buildPlan({
      "package.json": { scripts: { build: "x" } },
      "netlify.toml": toml.replace("; rm", ""),
      ...lock,
    });
    expect(tidy.install).toEqual(["npm", "ci", "--legacy-peer-deps"]);
  });

  test.each([
    ["babel src -d dist", {}, "build-storybook"],
    ["tsc && webpack", {}, "build"],
    ["rollup -c", { "public/index.html": "" }, "build"],
    ["node build.mjs", {}, "build"],
  ])("a library's stories are its site, and nobody else's: %s", async (build, files, script) => {
    const scripts = { build, "build-storybook": "storybook build" };
    const devDependencies = { storybook: "8.0.0", webpack: "5.0.0" };
    const result = await buildPlan({ "package.json": { scripts, devDependencies }, ...files, ...lock });
    expect(result.build).toEqual(["npm", "run", script]);
    if (script !== "build") expect(result).toMatchObject({ framework: "storybook" });
  });

  test("rollup makes the modules of what is published, and the pages of what has one", async () => {
    const scripts = { build: "rollup -c && tsc", "build:storybook": "storybook build" };
    const packageJson = { main: "dist/a.js", scripts, devDependencies: { rollup: "4", storybook: "8.0.0" } };
    expect(await buildPlan({ "package.json": packageJson, ...lock })).toMatchObject({
      framework: "storybook",
      build: ["npm", "run", "build:storybook"],
    });
    const withPage = await buildPlan({ "package.json": packageJson, "public/index.html": "", ...lock });
    expect(withPage.build).toEqual(["npm", "run", "build"]);
  });

  test("a library's site is what a script is named for, where nobody knows what it runs", async () => {
    const scripts = { build: "npm run clean && tsc --build", clean: "rimraf dist", "build:site": "rocket build" };
    expect((await buildPlan({ "package.json": { scripts }, ...lock })).build).toEqual(["npm", "run", "build:site"]);
    const own = { ...scripts, build: "node make.mjs" };
    expect((await buildPlan({ "package.json": { scripts: own }, ...lock })).build).toEqual(["npm", "run", "build"]);
    const published = { scripts: own, bin: "dist/cli.js" };
    expect((await buildPlan({ "package.json": published, ...lock })).build).toEqual(["npm", "run", "build:site"]);
    const kept = await buildPlan({ "package.json": { ...published, private: true }, ...lock });
    expect(kept.build).toEqual(["npm", "run", "build"]);
  });

  test("the script of the site where 'build' makes a library", async () => {
    const scripts = { build: "tsup", "docs:build": "vitepress build docs" };
    const result = await buildPlan({
      "package.json": { scripts, devDependencies: { vitepress: "^1", tsup: "^8" } },
      ...lock,
    });
    expect(result).toMatchObject({ framework: "vitepress", build: ["npm", "run", "docs:build"] });
    expect(result.outputCandidates[0]).toBe("docs/.vitepress/dist");
  });

  test.each([
    [{ build: "tsc", site: "dumi build && cp a dist" }, {}, "site"],
    [{ "deploy:build": "dumi build", prod: "cross-env A=1 dumi build" }, {}, "prod"],
    [{ build: "tsc", site: "dumi build && gh-pages -d dist" }, {}, "build"],
    [{ build: "node make.mjs", site: "dumi build" }, {}, "build"],
    [{ build: "gulp", "build-doc": "dumi build" }, {}, "build"],
    [{ build: "tsc", "site:watch": "dumi build --watch", start: "dumi dev" }, {}, "build"],
    [
      { build: "vite build", "build:types": "vite build --mode types", "build:demo": "vite build --mode demo" },
      { "vite.config.ts": "export default {\n  build: {\n    lib: {} } }" },
      "build:demo",
    ],
  ])("a script of any name that builds the site, where 'build' does not: %j", async (scripts, files, script) => {
    const packageJson = { scripts, devDependencies: { dumi: "2", vite: "7" } };
    const result = await buildPlan({ "package.json": packageJson, ...files, ...lock });
    expect(result.build).toEqual(["npm", "run", script]);
  });

  test("of a package that is published gulp makes what others install", async () => {
    const devDependencies = { dumi: "2", gulp: "5" };
    const packageJson = { files: ["lib"], scripts: { build: "gulp", "build-doc": "dumi build" }, devDependencies };
    const result = await buildPlan({ "package.json": packageJson, "gulpfile.js": "", ...lock });
    expect(result).toMatchObject({ framework: "dumi", build: ["npm", "run", "build-doc"] });
    const alone = { ...packageJson, scripts: { build: "gulp" } };
    expect((await buildPlan({ "package.json": alone, ...lock })).build).toEqual(["npm", "run", "build"]);
  });

  test("at the top of a workspace without a site that is known, the script that is named for one", async () => {
    const scripts = { build: "pnpm --dir ./packages/kit build", "build:site": "pnpm --dir ./packages/kit build:site" };
    const kit = { "packages/kit/package.json": { name: "kit", scripts: { build: "kit-cli build" } } };
    const top = { "package.json": { private: true, scripts }, "pnpm-workspace.yaml": "packages: [packages/*]", ...kit };
    const result = await buildPlan(top);
    expect(result).toMatchObject({ root: ".", build: ["pnpm", "run", "build:site"] });
    expect(result.outputCandidates).toContain("packages/kit/site");
  });

  test("'docs' makes the whole of a site that 'docs:build' makes a part of", async () => {
    const scripts = { build: "tsc", docs: "npm run docs:build && npm run docs:gen" };
    const parts = { "docs:build": "rollup -c", "docs:gen": "eleventy", "docs:watch": "eleventy --watch" };
    const packageJson = { scripts: { ...scripts, ...parts }, devDependencies: { "@11ty/eleventy": "^1", rollup: "4" } };
    const result = await buildPlan({ "package.json": packageJson, ...lock });
    expect(result).toMatchObject({ framework: "eleventy", build: ["npm", "run", "docs"] });
  });

  test("'generate' for Nuxt, and the framework's own command where the script makes a server", async () => {
    const dependencies = { nuxt: "^4" };
    const both = await buildPlan({
      "package.json": { scripts: { build: "nuxt build", generate: "nuxt generate" }, dependencies },
      ...lock,
    });
    expect(both.build).toEqual(["npm", "run", "generate"]);
    const one = await buildPlan({ "package.json": { scripts: { build: "nuxt build" }, dependencies }, ...lock });
    expect(one.build).toEqual(["npx", "--no-install", "nuxt", "generate"]);
  });

  test.each([
    [{ build: "next build", export: "next export" }, shell("next build && next export")],
    [{ prebuild: "x", build: "next build", export: "next export" }, shell("x && next build && next export")],
    [{ build: "next build", "build:static": "npm run build && next export" }, ["npm", "run", "build:static"]],
    [{ build: "next build", postbuild: "next export", export: "next export" }, ["npm", "run", "build"]],
    [{ build: "next build && next export" }, ["npm", "run", "build"]],
    [{ build: "next build", deploy: "next build && next export && gh-pages -d out" }, ["npm", "run", "build"]],
  ])("pages are exported by the script that does so, where 'build' makes a server: %j", async (scripts, command) => {
    const packageJson = { scripts, dependencies: { next: "^12.1.0" } };
    expect((await buildPlan({ "package.json": packageJson, ...lock })).build).toEqual(command);
    const later = { "package.json": { scripts, dependencies: { next: "15" } }, ...lock };
    expect((await buildPlan(later)).build).toEqual(["npm", "run", "build"]);
    const told = { "package.json": packageJson, "next.config.js": "module.exports = { output: 'export' }", ...lock };
    expect((await buildPlan(told)).build).toEqual(["npm", "run", "build"]);
  });

  test("Sapper's export builds by itself", async () => {
    const scripts = { build: "sapper build --legacy", export: "sapper export --legacy" };
    const result = await buildPlan({ "package.json": { scripts, devDependencies: { sapper: "^0.28.0" } }, ...lock });
    expect(result).toMatchObject({ framework: "sapper", build: ["npm", "run", "export"] });
  });

  test("a framework without a script is run through the package manager", async () => {
    const packageJson = { dependencies: { "@11ty/eleventy": "3" } };
    expect(
      (await buildPlan({ "package.json": packageJson, "pnpm-lock.yaml": "lockfileVersion: '9.0'" })).build,
    ).toEqual(["pnpm", "exec", "eleventy"]);
    expect((await buildPlan({ "package.json": packageJson, "yarn.lock": "" })).build).toEqual([
      "yarn",
      "run",
      "eleventy",
    ]);
  });

  test("nothing to run names scripts, frameworks and files", async () => {
    const failing = plan({
      "package.json": { scripts: { start: "node ." }, dependencies: { gulp: "5" } },
      "main.js": "",
    });
    const hint = expect.stringMatching(/start.*gulp.*main\.js/);
    await expect(failing).rejects.toMatchObject({ code: "framework_unknown", hint });
  });

  test.each([
    ["tsc", "typedoc src/index.ts", "docs"],
    ["tsc", "typedoc --watch", "build"],
    ["tsc", "open https://docs.example", "build"],
    ["vite build", "typedoc", "build"],
  ])("a library's documentation is its site: build %p, docs %p", async (build, docs, script) => {
    const scripts = { build, docs };
    const result = await buildPlan({
      "package.json": { scripts, devDependencies: { typedoc: "0.28.0", vite: "7" } },
      ...lock,
    });
    expect(result.build).toEqual(["npm", "run", script]);
  });

  test.each([
    ["jsdoc -r src", true],
    ["eleventy --config=docs/eleventy.config.js", true],
    ["eleventy --serve", false],
    ["vitepress dev docs", false],
    ["docsify serve docs", false],
    ["node docs.mjs", false],
  ])("a script 'docs' alone builds where it writes documentation: %p", async (docs, isBuilt) => {
    const planned = plan({ "package.json": { scripts: { docs }, devDependencies: { jsdoc: "4" } }, ...lock });
    if (isBuilt) expect(await planned).toMatchObject({ kind: "build", build: ["npm", "run", "docs"] });
    else await expect(planned).rejects.toMatchObject({ code: "framework_unknown" });
  });

  test("a server without pages is told as one, whether a script compiles it or not", async () => {
    const dependencies = { express: "5" };
    await expect(plan({ "package.json": { scripts: { start: "node ." }, dependencies } })).rejects.toMatchObject({
      code: "framework_unknown",
      hint: expect.stringMatching(/^A server made with express can't run here.*scripts start/),
    });
    const compiled = await buildPlan({ "package.json": { scripts: { build: "tsc" }, dependencies } });
    expect(compiled.serverOutputs).toContain("dist");
    expect(compiled.outputHint).toContain("express");
    const page = { "package.json": { dependencies }, "public/index.html": "" };
    expect(await plan(page)).toMatchObject({ kind: "static", output: "public" });
    const library = await buildPlan({ "package.json": { scripts: { build: "tsc" } } });
    expect(library).toMatchObject({ serverOutputs: [], outputHint: null });
  });

  test("a framework's server is looked for where adapters for hosts put it, too", async () => {
    const dependencies = { "@solidjs/start": "2", vite: "8" };
    const start = await buildPlan({ "package.json": { scripts: { build: "vite build" }, dependencies } });
    expect(start.framework).toBe("solid-start");
    expect(start.serverOutputs).toContain(".netlify/functions-internal");
  });

  test("a framework that nobody knows", async () => {
    for (const file of ["package.json", "index.html"]) {
      await expect(plan({ [file]: "{}" }, { framework: "frontpage" })).rejects.toMatchObject({
        code: "project_setting_invalid",
        hint: expect.stringContaining("astro"),
      });
    }
  });

  test("a package.json that does not parse, with its place", async () => {
    const failing = plan({ "package.json": '{\n  "name": "x",\n  "scripts" {}\n}' });
    await expect(failing).rejects.toMatchObject({
      code: "package_json_invalid",
      message: expect.stringContaining("package.json does not parse at line 3, column 13"),
    });
    await expect(plan({ "package.json": "[]" })).rejects.toMatchObject({ code: "package_json_invalid" });
  });

  test("a package.json of odd kinds is read as if they were absent", async () => {
    const engines = { engines: { node: 5 }, devEngines: { runtime: [null, 7, { name: 7 }], packageManager: "npm" } };
    const odd = { scripts: ["build"], dependencies: "vite", ...engines, packageManager: {}, workspaces: 7 };
    expect(await plan({ "package.json": odd, "index.html": "" })).toMatchObject({ kind: "static" });
    const proto = '{"scripts":{"build":"x","__proto__":"y"},"dependencies":{"constructor":"1"}}';
    expect(await plan({ "package.json": proto })).toMatchObject({ kind: "build", framework: null });
  });
});

describe("the environment", () => {
  test("it keeps warnings from failing a Create React App, and Nitro from writing for another host", async () => {
    const react = await buildPlan({
      "package.json": { scripts: { build: "react-scripts build" }, dependencies: { "react-scripts": "4.0.3" } },
      ".nvmrc": "20",
      ...lock,
    });
    expect(react.env).toMatchObject({
      CI: "false",
      NODE_OPTIONS: "--openssl-legacy-provider",
      CYPRESS_INSTALL_BINARY: "0",
    });
    const vite = await buildPlan({
      "package.json": { scripts: { build: "vite build" }, dependencies: { vite: "7" } },
      ...lock,
    });
    expect(vite.env).toMatchObject({ CI: "true", npm_config_audit: "false", NEXT_TELEMETRY_DISABLED: "1" });
    expect(vite.env).not.toHaveProperty("NODE_OPTIONS");
    expect(vite.env).not.toHaveProperty("VERCEL_ENV");
    expect(vite.env).not.toHaveProperty("YARN_IGNORE_ENGINES");
    for (const name of ["nuxt", "nitro", "@tanstack/react-start", "@solidjs/start", "vinxi"]) {
      const nitro = { scripts: { build: "vite build" }, dependencies: { [name]: "1" } };
      expect((await buildPlan({ "package.json": nitro, ...lock })).env).toMatchObject({ VERCEL_ENV: "" });
    }
    const yarn = await buildPlan({ "package.json": { scripts: { build: "x" } }, "yarn.lock": "" });
    expect(yarn.env).toMatchObject({ YARN_IGNORE_ENGINES: "true", pnpm_config_pm_on_fail: "ignore" });
  });
});
