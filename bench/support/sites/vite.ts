import type { BenchSite } from "../sites.ts";
import { counted, packageJson, sentence } from "./texts.ts";

/** React with a router, a chart's worth of components, one lazy chunk a page. */
export const vite: BenchSite = {
  title: "Vite (React)",
  manager: "npm",
  root: ".",
  files: {
    "package.json": packageJson({
      name: "vite-bench",
      type: "module",
      scripts: { build: "vite build" },
      dependencies: { react: "19.3.1", "react-dom": "19.3.1", "react-router": "8.5.1", "date-fns": "4.4.0" },
      devDependencies: { vite: "8.3.8", "@vitejs/plugin-react": "6.3.0" },
    }),
    "vite.config.js": `import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
export default defineConfig({ plugins: [react()] });
`,
    "index.html": `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Harbour</title></head>
<body><div id="root"></div><script type="module" src="/src/main.jsx"></script></body></html>
`,
    "src/main.jsx": `import { lazy, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Link, Route, Routes } from "react-router";
import { Home } from "./home.jsx";
import "./style.css";
const pages = [${counted(30, (n) => `lazy(() => import("./pages/page-${n}.jsx"))`).join(", ")}];
createRoot(document.getElementById("root")).render(
  <BrowserRouter>
    <nav>{pages.map((_, n) => <Link key={n} to={\`/\${n}\`}>{n}</Link>)}</nav>
    <Suspense fallback="…">
      <Routes>
        <Route path="/" element={<Home />} />
        {pages.map((Page, n) => <Route key={n} path={\`/\${n}\`} element={<Page />} />)}
      </Routes>
    </Suspense>
  </BrowserRouter>,
);
`,
    "src/style.css": "body { font: 16px/1.5 system-ui; margin: 2rem; } nav a { margin-right: 0.5rem; }\n",
    ...Object.fromEntries(
      counted(30, (n) => [
        `src/pages/page-${n}.jsx`,
        `import { format } from "date-fns";
import { useState } from "react";
export default function Page${n}() {
  const [count, setCount] = useState(${n});
  return (
    <main>
      <h1>${sentence(n)}</h1>
      <time>{format(new Date(2026, ${n % 12}, ${n}), "PPPP")}</time>
      <button type="button" onClick={() => setCount(count + 1)}>{count}</button>
      ${counted(8, (m) => `<p>${sentence(n * 10 + m)}</p>`).join("\n      ")}
    </main>
  );
}
`,
      ]),
    ),
  },
  change: { path: "src/home.jsx", text: (round) => `export const Home = () => <h1>Tide table, ${round}</h1>;\n` },
};
