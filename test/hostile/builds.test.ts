import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { deployAndWait, logOf } from "../support/deploy.ts";
import { type HostilePlatform, PLATFORM_MODES, startHostilePlatform } from "../support/hostile-platform.ts";
import { newDataDirectory, removeDataDirectory } from "../support/platform.ts";
import { newRepository, type TestRepository } from "../support/repositories.ts";

/** A wall that real builds can't live behind would soon be taken down: real packages, small sites. */
const page = (framework: string) => `${framework} built behind the wall`;

const SITES: Record<string, Record<string, string>> = {
  vite: {
    "package.json": JSON.stringify({
      ...{ private: true, type: "module", scripts: { build: "vite build" } },
      devDependencies: { vite: "8.3.8" },
    }),
    "index.html": `<!doctype html><title>x</title><h1>${page("vite")}</h1><script type="module" src="/main.js"></script>`,
    "main.js": 'import "./main.css"; document.title = "ready";',
    "main.css": "h1 { color: teal }",
  },
  astro: {
    "package.json": JSON.stringify({
      ...{ private: true, type: "module", scripts: { build: "astro build" } },
      dependencies: { astro: "7.3.5" },
    }),
    "src/pages/index.astro": `---\nconst title = "${page("astro")}";\n---\n<html lang="en"><body><h1>{title}</h1></body></html>`,
  },
  next: {
    "package.json": JSON.stringify({
      ...{ private: true, scripts: { build: "next build" } },
      dependencies: { next: "16.4.6", react: "19.3.1", "react-dom": "19.3.1" },
    }),
    "next.config.mjs": 'export default { output: "export" };',
    "app/layout.js":
      'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }',
    "app/page.js": `export default function Page() { return <h1>${page("next")}</h1>; }`,
  },
};

let dataDirectory: string;
const repositories: TestRepository[] = [];
beforeAll(async () => {
  dataDirectory = await newDataDirectory();
});
afterAll(async () => {
  for (const repository of repositories) await repository.remove();
  await removeDataDirectory(dataDirectory);
});

describe.each(PLATFORM_MODES)("a platform whose wall is made in mode %s", (mode) => {
  let hostile: HostilePlatform;
  beforeAll(async () => {
    hostile = await startHostilePlatform(mode, { dataDirectory });
  }, 120_000);
  afterAll(() => hostile.close(), 60_000);

  test.each(Object.entries(SITES))(
    "%s builds",
    async (framework, files) => {
      const repository = await newRepository(`${framework}-${mode}`, files);
      repositories.push(repository);
      const done = await deployAndWait(hostile.platform, { source: repository.path, force: true });
      expect([done.error, await logOf(hostile.platform, done.id)]).toEqual([null, expect.any(String)]);
      expect([done.status, done.framework]).toEqual(["ready", framework]);
      const shown = await hostile.platform.site(new URL(done.url).host, "/");
      expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining(page(framework))]);
    },
    200_000,
  );
});
