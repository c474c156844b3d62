import type { BenchSite } from "../sites.ts";
import { counted, packageJson, paragraphs, sentence } from "./texts.ts";

/** A blog: 80 Markdown posts with a layout, a list of them, a sitemap. */
export const astro: BenchSite = {
  title: "Astro",
  manager: "npm",
  root: ".",
  files: {
    "package.json": packageJson({
      name: "astro-bench",
      type: "module",
      scripts: { build: "astro build" },
      dependencies: { astro: "7.3.5", "@astrojs/sitemap": "3.7.4" },
      // A newer one may ask for an optional package that a mirror of the registry does not have yet.
      overrides: { vite: "8.3.8" },
    }),
    "astro.config.mjs": `import sitemap from "@astrojs/sitemap";
import { defineConfig } from "astro/config";
export default defineConfig({ site: "https://harbour.example", integrations: [sitemap()] });
`,
    "src/layouts/Post.astro": `---
const { frontmatter, title = frontmatter?.title } = Astro.props;
---
<html lang="en">
  <head><meta charset="utf-8" /><title>{title}</title></head>
  <body><nav><a href="/">All</a></nav><h1>{title}</h1><slot /></body>
</html>
<style is:global>body { font: 16px/1.5 system-ui; max-width: 40rem; margin: 2rem auto; }</style>
`,
    ...Object.fromEntries(
      counted(80, (n) => [
        `src/pages/posts/post-${n}.md`,
        `---
layout: ../../layouts/Post.astro
title: ${sentence(n)}
---

${paragraphs(n, 6)}

\`\`\`js
export const day = ${n};
\`\`\`
`,
      ]),
    ),
  },
  change: {
    path: "src/pages/index.astro",
    text: (round) => `---
import Post from "../layouts/Post.astro";
const posts = Object.values(import.meta.glob("./posts/*.md", { eager: true }));
---
<Post title="Tide table, ${round}">
  <ul>{posts.map(({ url, frontmatter }) => <li><a href={url}>{frontmatter.title}</a></li>)}</ul>
</Post>
`,
  },
};
