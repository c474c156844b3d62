import {
  angularOutputs,
  configLiterals,
  dotFolderOutputs,
  folders,
  nuxtOutputs,
  svelteKitOutputs,
  viteOutputs,
  withLiterals,
} from "./framework-outputs.ts";
import { MORE_FRAMEWORKS } from "./more-frameworks.ts";
import type { Site } from "./site.ts";

export interface FrameworkRule {
  /** Packages that tell it, for those that the detection library does not know. */
  packages?: readonly string[];
  /** Programs that build it: the one that a script runs decides between several frameworks. */
  programs: readonly string[];
  /** Its own build command, for a package.json without a script: a program of a package, and arguments. */
  command?: readonly string[];
  /** The command needs one of these files. */
  configuredBy?: readonly string[];
  /** It builds nothing where none of these folders is there. */
  pagesIn?: readonly string[];
  /** Folders that it writes, seen from the root, the likeliest first. */
  outputs(site: Site): string[] | Promise<string[]>;
  /** What is there after a build that made a server instead. */
  server?: readonly string[];
  /** How it makes a site of files; said when it made none. */
  hint?: string;
}

/** Where adapters for hosts put the server instead, whatever the framework. */
export const SERVERS_OF_HOSTS = [".netlify/functions-internal", ".vercel/output/functions"];

const vite = { programs: ["vite", "vp", "vite-node"], command: ["vite", "build"], outputs: viteOutputs };
const viteClient = {
  programs: ["vite", "vinxi"],
  command: ["vite", "build"],
  outputs: folders("dist/client", ".output/public", "dist", "build/client"),
  server: ["dist/server", ".output/server", "build/server"],
};

/** By the ids of @netlify/build-info, and of those that it does not know; `framework` in a deployment is one of them. */
export const FRAMEWORKS: Record<string, FrameworkRule> = {
  astro: {
    programs: ["astro"],
    command: ["astro", "build"],
    pagesIn: ["src"],
    outputs: withLiterals(/^astro\.config\.[cm]?[jt]s$/, /outDir/, "dist", "dist/client"),
    server: ["dist/server", ".vercel/output", ".netlify/build", "dist/_worker.js"],
    hint: "Astro writes files with its static output: leave out 'output: \"server\"', the adapter and 'export const prerender = false'.",
  },
  next: {
    programs: ["next"],
    command: ["next", "build"],
    pagesIn: ["app", "pages", "src/app", "src/pages"],
    outputs: async (site) => {
      const written = await configLiterals(site, { file: /^next\.config\.[cm]?[jt]s$/, key: /distDir/ });
      return ["out", ...written.filter((folder) => folder !== ".next")];
    },
    server: [".next/server", ".next"],
    hint: "Next.js writes files only with output: 'export' in next.config; set it, and take out what needs a server.",
  },
  nuxt: {
    programs: ["nuxt", "nuxi"],
    command: ["nuxt", "generate"],
    outputs: nuxtOutputs,
    server: [".output/server", ".nuxt/dist/server"],
    hint: "Nuxt writes files with 'nuxt generate': set build_command to it, and leave out a server preset.",
  },
  "svelte-kit": {
    programs: ["vite", "svelte-kit"],
    command: ["vite", "build"],
    outputs: svelteKitOutputs,
    server: [".svelte-kit/output/server", "build/handler.js"],
    hint: "SvelteKit writes files with @sveltejs/adapter-static in svelte.config.js (or vite.config), and 'export const prerender = true' in src/routes/+layout.js.",
  },
  gatsby: {
    programs: ["gatsby"],
    command: ["gatsby", "build"],
    outputs: folders("public"),
  },
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
  angular: {
    programs: ["ng"],
    command: ["ng", "build"],
    outputs: angularOutputs,
    server: ["dist"],
    hint: 'Angular writes files with "outputMode": "static" in angular.json\'s build options, or without \'ssr\'.',
  },
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
    server: ["build/server", "build/index.js"],
    hint: "Remix writes files only as a single-page application: ssr: false in vite.config's remix() plugin.",
  },
  "react-router": {
    programs: ["react-router"],
    command: ["react-router", "build"],
    outputs: folders("build/client"),
    server: ["build/server"],
    hint: "React Router writes files with ssr: false, or with prerender, in react-router.config.",
  },
  "solid-start": {
    ...viteClient,
    command: ["vinxi", "build"],
    outputs: folders(".output/public", "dist/public", "dist/client", "dist"),
    hint: "SolidStart writes files with server: { preset: 'static' } (or prerender: { crawlLinks: true }) in app.config, version 2 with nitro({ prerender: { crawlLinks: true } }) in vite.config.",
  },
  "tanstack-start": {
    ...viteClient,
    hint: "TanStack Start writes files with prerender: { enabled: true }, or spa: { enabled: true }, in its Vite plugin.",
  },
  vike: { ...viteClient, hint: "Vike writes files with prerender: true in its +config." },
  hydrogen: { ...viteClient, hint: "Hydrogen needs its server: its storefronts can't be served as files." },
  qwik: {
    packages: ["@qwik.dev/core"],
    programs: ["qwik"],
    command: ["qwik", "build"],
    outputs: folders("dist"),
    server: ["server"],
    hint: "Qwik writes files with its static adapter: 'qwik add static', then 'qwik build'.",
  },
  waku: {
    programs: ["waku"],
    command: ["waku", "build"],
    outputs: folders("dist/public", "dist"),
    server: ["dist/server", "dist/serve-node.js"],
    hint: "Waku writes files when every page has render: 'static'.",
  },
  analog: {
    programs: ["vite", "ng"],
    command: ["vite", "build"],
    outputs: folders("dist/analog/public", "dist/client", "dist"),
    server: ["dist/analog/server", "dist/ssr"],
    hint: "Analog writes files with static: true and prerender.routes in its Vite plugin.",
  },
  parcel: {
    programs: ["parcel"],
    command: ["parcel", "build", "index.html"],
    outputs: folders("dist"),
  },
  expo: {
    programs: ["expo"],
    command: ["expo", "export", "--platform", "web"],
    outputs: folders("dist", "web-build"),
    server: ["dist/server"],
    hint: "Expo writes files with web.output 'static' or 'single' in app.json.",
  },
  quasar: {
    packages: ["@quasar/app-vite", "@quasar/app-webpack"],
    programs: ["quasar"],
    command: ["quasar", "build"],
    outputs: folders("dist/spa", "dist/pwa"),
    server: ["dist/ssr"],
    hint: "Quasar writes files in its SPA and PWA modes: 'quasar build' without '-m ssr'.",
  },
  ...MORE_FRAMEWORKS,
};

/**
 * Ids of @netlify/build-info without a rule, and why: their programs are no npm packages that a build could install, or
 * what they make is a server and nothing else.
 */
export const NOT_BUILT: Record<string, string> = {
  cecil: "Cecil is a PHP program, and builds have no PHP",
  jekyll: "Jekyll is a Ruby program, and builds have no Ruby",
  middleman: "Middleman is a Ruby program, and builds have no Ruby",
  zola: "Zola is a program of its own that comes from no package registry",
  hono: "Hono makes servers: what it answers is not in files",
  mastra: "Mastra makes servers: what it answers is not in files",
};

/** Other names by which people know them. */
const ALIASES: Record<string, string> = {
  "11ty": "eleventy",
  cra: "create-react-app",
  blitzjs: "blitz",
  "docusaurus-2": "docusaurus",
  "ionic-angular": "angular",
  "ionic-react": "create-react-app",
  nextjs: "next",
  nuxtjs: "nuxt",
  nuxt3: "nuxt",
  preact: "preact-cli",
  solidstart: "solid-start",
  "solidstart-1": "solid-start",
  sveltekit: "svelte-kit",
  "sveltekit-1": "svelte-kit",
  umijs: "umi",
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
