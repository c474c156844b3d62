import type { BenchSite } from "../sites.ts";
import { counted, packageJson, sentence } from "./texts.ts";

const library = (name: string, dependencies: Record<string, string>): Record<string, string> => ({
  [`packages/${name}/package.json`]: packageJson({
    name: `@harbour/${name}`,
    type: "module",
    exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
    scripts: { build: "tsc -p ." },
    dependencies,
    devDependencies: { typescript: "7.0.2", "@types/react": "19.3.0" },
  }),
  [`packages/${name}/tsconfig.json`]: `${JSON.stringify({
    compilerOptions: {
      target: "ES2022",
      module: "ESNext",
      moduleResolution: "bundler",
      jsx: "react-jsx",
      strict: true,
      declaration: true,
      rootDir: "src",
      outDir: "dist",
    },
    include: ["src"],
  })}\n`,
});

/** pnpm: a React site that needs two packages of the workspace, which TypeScript builds first. */
export const monorepo: BenchSite = {
  title: "pnpm monorepo (Vite, two packages)",
  manager: "pnpm",
  root: "apps/site",
  files: {
    "package.json": packageJson({ name: "harbour", packageManager: "pnpm@10.34.8" }),
    "pnpm-workspace.yaml": 'packages:\n  - "apps/*"\n  - "packages/*"\n',
    ...library("text", {}),
    "packages/text/src/index.ts": `export const lines: readonly string[] = ${JSON.stringify(counted(200, sentence), null, 2)};\n`,
    ...library("ui", { "@harbour/text": "workspace:*", react: "19.3.1" }),
    "packages/ui/src/index.tsx": `import { lines } from "@harbour/text";
${counted(20, (n) => `export const Card${n} = ({ at }: { at: number }) => <p className="card-${n}">{lines[at + ${n}]}</p>;`).join("\n")}
`,
    "apps/site/package.json": packageJson({
      name: "@harbour/site",
      type: "module",
      scripts: { build: "vite build" },
      dependencies: {
        "@harbour/text": "workspace:*",
        "@harbour/ui": "workspace:*",
        react: "19.3.1",
        "react-dom": "19.3.1",
      },
      devDependencies: { vite: "8.3.8", "@vitejs/plugin-react": "6.3.0" },
    }),
    "apps/site/vite.config.js": `import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
export default defineConfig({ plugins: [react()] });
`,
    "apps/site/index.html":
      '<!doctype html><title>Harbour</title><div id="root"></div><script type="module" src="/src/main.jsx"></script>\n',
    "apps/site/src/main.jsx": `import { createRoot } from "react-dom/client";
import { Home } from "./home.jsx";
createRoot(document.getElementById("root")).render(<Home />);
`,
  },
  change: {
    path: "apps/site/src/home.jsx",
    text: (round) => `import { lines } from "@harbour/text";
import * as cards from "@harbour/ui";
export const Home = () => (
  <main><h1>Tide table, ${round}, {lines.length}</h1>{Object.values(cards).map((Card, n) => <Card key={n} at={n} />)}</main>
);
`,
  },
};
