import { describe, expect, test } from "bun:test";
import { buildPlan } from "./testing/in-memory-source.ts";

const lock = { "package-lock.json": "{}" };

describe("outputs", () => {
  const withScript = async (build: string, packages: string[], more: Record<string, string | object> = {}) => {
    const devDependencies = Object.fromEntries(
      packages.map((name) => name.split(/(?<!^)@/)).map(([name, version]) => [name!, version ?? "*"]),
    );
    const result = await buildPlan({ "package.json": { scripts: { build }, devDependencies }, ...lock, ...more });
    return { framework: result.framework, first: result.outputCandidates[0], result };
  };

  test.each([
    ["vite build", ["vite", "vue", "@vitejs/plugin-vue"], "vite", "dist"],
    ["vite build --outDir ../site", ["vite"], "vite", "site-is-outside"],
    ["vue-tsc -b && vite build --outDir=web", ["vite"], "vite", "web"],
    ["vite build", ["@sveltejs/kit", "svelte", "vite"], "svelte-kit", "build"],
    ["next build", ["next", "react"], "next", "out"],
    ["nuxt generate", ["nuxt"], "nuxt", ".output/public"],
    ["vitepress build docs", ["vitepress", "vue"], "vitepress", "docs/.vitepress/dist"],
    ["vitepress build", ["vitepress"], "vitepress", ".vitepress/dist"],
    ["vuepress build src", ["vuepress@1.9.0"], "vuepress", "src/.vuepress/dist"],
    ["docusaurus build", ["@docusaurus/core"], "docusaurus", "build"],
    ["gatsby build", ["gatsby"], "gatsby", "public"],
    ["eleventy", ["@11ty/eleventy"], "eleventy", "_site"],
    ["eleventy --output=www", ["@11ty/eleventy"], "eleventy", "www"],
    ["redocly build-docs a.yaml -o out/index.html", [], null, "out"],
    ["marp slides.md -o index.html", [], null, "."],
    ["hexo generate", ["hexo"], "hexo", "public"],
    ["react-scripts build", ["react-scripts@5.0.1"], "create-react-app", "build"],
    ["parcel build index.html", ["parcel"], "parcel", "dist"],
    ["storybook build", ["storybook", "react", "vite"], "storybook", "storybook-static"],
    ["remix vite:build", ["@remix-run/dev"], "remix", "build/client"],
    ["ng build", ["@angular/cli@21.0.0"], "angular", "dist"],
    ["node build.mjs", ["esbuild"], null, "dist"],
  ])("%p with %p is %p in %p", async (script, packages, framework, folder) => {
    const { framework: found, first } = await withScript(script, packages);
    expect(found).toBe(framework);
    expect(first).toBe(folder === "site-is-outside" ? "dist" : folder);
  });

  test("what the configuration says literally", async () => {
    const vite = await withScript("vite build", ["vite"], {
      "vite.config.ts": "export default {\n  // outDir: 'old'\n  build: { outDir: './www/' } }",
    });
    expect(vite.first).toBe("www");
    const rooted = await withScript("vite build", ["vite"], {
      "vite.config.js": "export default { root: 'src',\n build: { outDir: '../public_html' } }",
    });
    expect(rooted.first).toBe("public_html");
    const kit = await withScript("vite build", ["@sveltejs/kit"], { "svelte.config.js": "adapter({ pages: 'docs' })" });
    expect(kit.first).toBe("docs");
    const newer = await withScript("vite build", ["@sveltejs/kit"], {
      "vite.config.ts": "sveltekit({ adapter: adapter({ pages: 'www' }) })",
    });
    expect(newer.first).toBe("www");
    const next = await withScript("next build", ["next"], {
      "next.config.mjs": "export default { output: 'export', distDir: 'site' }",
    });
    expect(next.result.outputCandidates).toEqual(["out", "site"]);
    expect(next.result.outputHint).toContain("output: 'export'");
  });

  test("angular.json in both of its forms", async () => {
    const options = (outputPath: unknown) => ({
      projects: { shop: { architect: { build: { options: { outputPath } } } } },
    });
    const old = await withScript("ng build", ["@angular/cli@15.2.0"], { "angular.json": options("dist/shop-web") });
    expect(old.result.outputCandidates.slice(0, 2)).toEqual(["dist/shop-web/browser", "dist/shop-web"]);
    expect(old.result.nodeVersion).toBe("18");
    const now = await withScript("ng build", ["@angular/cli@21.0.0"], {
      "angular.json": options({ base: "www", browser: "" }),
    });
    expect([old.framework, now.framework]).toEqual(["angular", "angular"]);
    expect(now.result.outputCandidates).toEqual(["www/browser", "www", "dist/shop/browser", "dist/shop", "dist"]);
  });

  test("the folder that a script goes into, and pages that are worked on in place", async () => {
    const { result } = await withScript("cd web && npm run build", ["esbuild"], { "index.html": "" });
    expect(result.outputCandidates).toContain("web/dist");
    expect(result.outputCandidates.at(-1)).toBe(".");
  });

  test("of several frameworks the one that the script runs", async () => {
    expect((await withScript("vite build", ["vitepress", "vite", "storybook"])).framework).toBe("vite");
    expect((await withScript('run-p type-check "build-only {@}" --', ["vite"], {})).framework).toBe("vite");
  });

  test("no candidate leaves the source", async () => {
    const { result } = await withScript("vite build --outDir ../../etc", ["vite"], {
      "vercel.json": { outputDirectory: "../x" },
    });
    expect(result.outputCandidates.filter((folder) => folder.startsWith(".."))).toEqual([]);
  });
});
