import type { BenchSite } from "../sites.ts";
import { counted, packageJson, sentence } from "./texts.ts";

/** The app router with `output: "export"`: 60 pages from one dynamic segment. */
export const next: BenchSite = {
  title: "Next (static export)",
  manager: "npm",
  root: ".",
  files: {
    "package.json": packageJson({
      name: "next-bench",
      scripts: { build: "next build" },
      dependencies: { next: "16.4.6", react: "19.3.1", "react-dom": "19.3.1" },
    }),
    "next.config.mjs": 'export default { output: "export" };\n',
    "app/layout.jsx": `import "./style.css";
export const metadata = { title: "Harbour" };
export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`,
    "app/style.css": "body { font: 16px/1.5 system-ui; margin: 2rem; }\n",
    "app/days.js": `export const days = ${JSON.stringify(
      counted(60, (n) => ({ id: `${n}`, text: counted(12, (m) => sentence(n * 100 + m)) })),
      null,
      2,
    )};\n`,
    "app/days/[id]/page.jsx": `import Link from "next/link";
import { days } from "../../days.js";
import { Counter } from "../../counter.jsx";
export const generateStaticParams = () => days.map(({ id }) => ({ id }));
export default async function Day({ params }) {
  const { id } = await params;
  const day = days.find((candidate) => candidate.id === id);
  return <main><h1>Day {id}</h1><Counter />{day.text.map((line) => <p key={line}>{line}</p>)}<Link href="/">All</Link></main>;
}
`,
    "app/counter.jsx": `"use client";
import { useState } from "react";
export function Counter() {
  const [count, setCount] = useState(0);
  return <button type="button" onClick={() => setCount(count + 1)}>{count}</button>;
}
`,
  },
  change: {
    path: "app/page.jsx",
    text: (round) => `import Link from "next/link";
import { days } from "./days.js";
export default function Home() {
  return <main><h1>Tide table, ${round}</h1>{days.map(({ id }) => <Link key={id} href={\`/days/\${id}\`}>{id}</Link>)}</main>;
}
`,
  },
};
