import { folders, withLiterals } from "./framework-outputs.ts";
import type { FrameworkRule } from "./frameworks.ts";

const TOOLS = folders("dist", "build", "public", "_site");

/** Older ones, tools for documentation, and bundlers without a framework. */
export const MORE_FRAMEWORKS: Record<string, FrameworkRule> = {
  ember: {
    programs: ["ember", "vite"],
    command: ["ember", "build", "--environment=production"],
    outputs: folders("dist"),
  },
  stencil: { programs: ["stencil"], command: ["stencil", "build"], outputs: folders("www", "dist") },
  observable: {
    programs: ["observable"],
    command: ["observable", "build"],
    outputs: withLiterals(/^observablehq\.config\.[jt]s$/, /output/, "dist"),
  },
  gridsome: { programs: ["gridsome"], command: ["gridsome", "build"], outputs: folders("dist") },
  sapper: { programs: ["sapper"], command: ["sapper", "export"], outputs: folders("__sapper__/export") },
  metalsmith: {
    programs: ["metalsmith"],
    command: ["metalsmith"],
    configuredBy: ["metalsmith.json", "metalsmith.js", "metalsmith.cjs", "metalsmith.mjs"],
    outputs: folders("build", "public", "_site"),
  },
  brunch: { programs: ["brunch"], command: ["brunch", "build", "--production"], outputs: folders("public") },
  gulp: { programs: ["gulp"], outputs: TOOLS },
  grunt: { programs: ["grunt"], outputs: TOOLS },
  assemble: { programs: ["assemble", "grunt"], command: ["assemble"], outputs: TOOLS },
  blitz: {
    programs: ["blitz", "next"],
    command: ["next", "build"],
    outputs: folders("out"),
    server: [".next"],
    hint: "Blitz needs its server; only a Next.js site with output: 'export' becomes files.",
  },
  docpad: { programs: ["docpad"], command: ["docpad", "generate", "--env", "static"], outputs: folders("out") },
  harp: { programs: ["harp"], command: ["harp", ".", "www"], outputs: folders("www", "dist", "build") },
  phenomic: { programs: ["phenomic"], command: ["phenomic", "build"], outputs: folders("dist") },
  "react-static": { programs: ["react-static"], command: ["react-static", "build"], outputs: folders("dist") },
  redwoodjs: {
    programs: ["rw", "redwood", "rw-web-build"],
    command: ["rw", "build", "web"],
    outputs: folders("web/dist"),
  },
  roots: { programs: ["roots"], command: ["roots", "compile"], outputs: folders("public") },
  wintersmith: { programs: ["wintersmith"], command: ["wintersmith", "build"], outputs: folders("build") },
  wmr: { programs: ["wmr"], command: ["wmr", "build"], outputs: folders("dist") },
  hugo: {
    packages: ["hugo-extended", "hugo-bin"],
    programs: ["hugo"],
    command: ["hugo", "--gc", "--minify"],
    outputs: withLiterals(/^(hugo|config)\.(toml|ya?ml|json)$/, /publishDir/, "public"),
  },
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
  slidev: { packages: ["@slidev/cli"], programs: ["slidev"], command: ["slidev", "build"], outputs: folders("dist") },
  rsbuild: {
    packages: ["@rsbuild/core"],
    programs: ["rsbuild"],
    command: ["rsbuild", "build"],
    outputs: folders("dist"),
  },
  farm: { packages: ["@farmfe/core"], programs: ["farm"], command: ["farm", "build"], outputs: folders("dist") },
  umi: {
    packages: ["umi", "@umijs/max"],
    programs: ["umi", "max"],
    command: ["umi", "build"],
    outputs: folders("dist"),
  },
  dumi: { packages: ["dumi"], programs: ["dumi"], command: ["dumi", "build"], outputs: folders("dist", "docs-dist") },
  greenwood: {
    packages: ["@greenwood/cli"],
    programs: ["greenwood"],
    command: ["greenwood", "build"],
    outputs: folders("public"),
  },
  "preact-cli": {
    packages: ["preact-cli"],
    programs: ["preact"],
    command: ["preact", "build"],
    outputs: folders("build"),
  },
  snowpack: {
    packages: ["snowpack"],
    programs: ["snowpack"],
    command: ["snowpack", "build"],
    outputs: folders("build"),
  },
  antora: {
    packages: ["antora", "@antora/cli"],
    programs: ["antora"],
    command: ["antora", "antora-playbook.yml"],
    outputs: folders("build/site"),
  },
  honkit: { packages: ["honkit"], programs: ["honkit"], command: ["honkit", "build"], outputs: folders("_book") },
  histoire: {
    packages: ["histoire"],
    programs: ["histoire"],
    command: ["histoire", "build"],
    outputs: folders(".histoire/dist"),
  },
  typedoc: {
    packages: ["typedoc"],
    programs: ["typedoc"],
    command: ["typedoc"],
    outputs: withLiterals(/^typedoc\.(json|config\.[cm]?js)$/, /out/, "docs"),
  },
  rspack: { packages: ["@rspack/cli"], programs: ["rspack"], command: ["rspack", "build"], outputs: folders("dist") },
  webpack: { packages: ["webpack"], programs: ["webpack", "webpack-cli"], outputs: folders("dist", "build", "public") },
  rollup: { packages: ["rollup"], programs: ["rollup"], outputs: folders("public", "dist", "build") },
};
