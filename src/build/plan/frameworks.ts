import { angularOutputs, configLiterals, dotFolderOutputs, viteOutputs } from "./framework-outputs.ts";
import type { Site } from "./site.ts";

export interface FrameworkRule {
  /** Packages that tell it, for those that the detection library does not know. */
  packages?: readonly string[];
  /** Programs that build it: the one that a script runs decides between several frameworks. */
  programs: readonly string[];
  /** Its own build command, for a package.json without a script: a program of a package, and arguments. */
  command?: readonly string[];
  /** Folders that it writes, seen from the root, the likeliest first. */
  outputs(site: Site): string[] | Promise<string[]>;
  /** What to do when none of them is there. */
  hint?: string;
}

const folders =
  (...names: string[]) =>
  () =>
    names;

const withLiterals =
  (file: RegExp, key: RegExp, ...names: string[]) =>
  async (site: Site) => [...(await configLiterals(site, { file, key })), ...names];

const vite = { programs: ["vite", "vp", "vite-node"], command: ["vite", "build"], outputs: viteOutputs };
const viteClient = {
  programs: ["vite", "vinxi"],
  outputs: folders("dist/client", ".output/public", "dist", "build/client"),
};

/** By the ids of @netlify/build-info, and of those that it does not know; `framework` in a deployment is one of them. */
export const FRAMEWORKS: Record<string, FrameworkRule> = {
  astro: {
    programs: ["astro"],
    command: ["astro", "build"],
    outputs: withLiterals(/^astro\.config\.[cm]?[jt]s$/, /outDir/, "dist", "dist/client"),
    hint: "A site that is served as files needs Astro's static output: leave out 'output: \"server\"' and the adapter.",
  },
  next: {
    programs: ["next"],
    command: ["next", "build"],
    outputs: async (site) => {
      const written = await configLiterals(site, { file: /^next\.config\.[cm]?[jt]s$/, key: /distDir/ });
      return ["out", ...written.filter((folder) => folder !== ".next")];
    },
    hint: "Next.js writes a site of files only with output: 'export' in next.config; set it, and remove what needs a server.",
  },
  nuxt: {
    programs: ["nuxt", "nuxi"],
    command: ["nuxt", "generate"],
    outputs: folders(".output/public", "dist"),
    hint: "Nuxt writes a site of files with 'nuxt generate': set build_command to it.",
  },
  "svelte-kit": {
    programs: ["vite", "svelte-kit"],
    command: ["vite", "build"],
    outputs: withLiterals(/^svelte\.config\.[cm]?[jt]s$/, /pages/, "build"),
    hint: "SvelteKit writes a site of files with @sveltejs/adapter-static; name it in svelte.config.js.",
  },
  gatsby: { programs: ["gatsby"], command: ["gatsby", "build"], outputs: folders("public") },
  docusaurus: {
    programs: ["docusaurus", "docusaurus-build"],
    command: ["docusaurus", "build"],
    outputs: folders("build"),
  },
  eleventy: {
    programs: ["eleventy", "@11ty/eleventy"],
    command: ["eleventy"],
    outputs: withLiterals(/^(\.eleventy|eleventy\.config)\.[cm]?js$/, /output/, "_site", "dist", "public"),
  },
  hexo: {
    programs: ["hexo"],
    command: ["hexo", "generate"],
    outputs: folders("public"),
  },
  vitepress: {
    programs: ["vitepress"],
    command: ["vitepress", "build"],
    outputs: (site) => dotFolderOutputs(site, { program: "vitepress" }),
  },
  vuepress: {
    packages: ["vuepress-vite", "vuepress-webpack"],
    programs: ["vuepress", "vuepress-vite", "vuepress-webpack"],
    outputs: (site) => dotFolderOutputs(site, { program: "vuepress" }),
  },
  angular: { programs: ["ng"], command: ["ng", "build"], outputs: angularOutputs },
  "create-react-app": {
    programs: ["react-scripts", "craco", "react-app-rewired"],
    command: ["react-scripts", "build"],
    outputs: folders("build"),
  },
  vue: {
    programs: ["vue-cli-service"],
    command: ["vue-cli-service", "build"],
    outputs: withLiterals(/^vue\.config\.[cm]?[jt]s$/, /outputDir/, "dist"),
  },
  svelte: { programs: ["rollup", "vite"], outputs: async (site) => [...(await viteOutputs(site)), "public"] },
  "solid-js": vite,
  "tanstack-router": vite,
  vite,
  remix: {
    programs: ["remix"],
    outputs: folders("build/client", "public"),
    hint: "Remix writes a site of files only as a single-page application: ssr: false.",
  },
  "react-router": {
    programs: ["react-router"],
    command: ["react-router", "build"],
    outputs: folders("build/client"),
    hint: "React Router writes a site of files with ssr: false, or with prerender in react-router.config.",
  },
  "solid-start": viteClient,
  "tanstack-start": viteClient,
  vike: viteClient,
  hydrogen: viteClient,
  qwik: { programs: ["qwik"], outputs: folders("dist") },
  waku: { programs: ["waku"], command: ["waku", "build"], outputs: folders("dist/public", "dist") },
  analog: { programs: ["vite", "ng"], outputs: folders("dist/analog/public", "dist/client", "dist") },
  parcel: {
    programs: ["parcel"],
    command: ["parcel", "build", "index.html"],
    outputs: folders("dist"),
  },
  ember: { programs: ["ember"], command: ["ember", "build", "--environment=production"], outputs: folders("dist") },
  expo: { programs: ["expo"], outputs: folders("dist", "web-build") },
  quasar: { programs: ["quasar"], command: ["quasar", "build"], outputs: folders("dist/spa", "dist/pwa") },
  stencil: { programs: ["stencil"], command: ["stencil", "build"], outputs: folders("www", "dist") },
  observable: {
    programs: ["observable"],
    command: ["observable", "build"],
    outputs: withLiterals(/^observablehq\.config\.[jt]s$/, /output/, "dist"),
  },
  gridsome: { programs: ["gridsome"], command: ["gridsome", "build"], outputs: folders("dist") },
  sapper: { programs: ["sapper"], command: ["sapper", "export"], outputs: folders("__sapper__/export") },
  metalsmith: { programs: ["metalsmith"], outputs: folders("build", "public", "_site") },
  brunch: { programs: ["brunch"], command: ["brunch", "build", "--production"], outputs: folders("public") },
  gulp: { programs: ["gulp"], outputs: folders("dist", "build", "public", "_site") },
  grunt: { programs: ["grunt"], outputs: folders("dist", "build", "public", "_site") },
  storybook: {
    packages: ["storybook", "@storybook/cli"],
    programs: ["storybook", "build-storybook"],
    command: ["storybook", "build"],
    outputs: folders("storybook-static"),
  },
  rspress: {
    packages: ["rspress", "@rspress/core"],
    programs: ["rspress"],
    command: ["rspress", "build"],
    outputs: withLiterals(/^rspress\.config\.[cm]?[jt]s$/, /outDir/, "doc_build"),
  },
  slidev: {
    packages: ["@slidev/cli"],
    programs: ["slidev"],
    command: ["slidev", "build"],
    outputs: folders("dist"),
  },
  rsbuild: {
    packages: ["@rsbuild/core"],
    programs: ["rsbuild"],
    command: ["rsbuild", "build"],
    outputs: folders("dist"),
  },
  honkit: { packages: ["honkit"], programs: ["honkit"], command: ["honkit", "build"], outputs: folders("_book") },
  typedoc: {
    packages: ["typedoc"],
    programs: ["typedoc"],
    command: ["typedoc"],
    outputs: withLiterals(/^typedoc\.(json|config\.[cm]?js)$/, /out/, "docs"),
  },
  webpack: { packages: ["webpack"], programs: ["webpack", "webpack-cli"], outputs: folders("dist", "build", "public") },
};

/** Other names by which people know them. */
const ALIASES: Record<string, string> = {
  "11ty": "eleventy",
  cra: "create-react-app",
  "docusaurus-2": "docusaurus",
  nextjs: "next",
  nuxtjs: "nuxt",
  nuxt3: "nuxt",
  solidstart: "solid-start",
  sveltekit: "svelte-kit",
  "vue-cli": "vue",
};

export function frameworkId(name: string): string | undefined {
  const id = ALIASES[name.toLowerCase()] ?? name.toLowerCase();
  return Object.hasOwn(FRAMEWORKS, id) ? id : undefined;
}

/** For a site whose framework nobody knows. */
export const USUAL_OUTPUTS = [
  "dist",
  "build",
  "out",
  "public",
  "_site",
  "site",
  "www",
  ".output/public",
  "dist/client",
  "build/client",
  "docs/.vitepress/dist",
  "storybook-static",
  "docs",
];
