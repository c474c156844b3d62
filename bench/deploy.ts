/**
 * A Vite site and a plain site of 2,000 files: deployed by Berth, and by hand in the same run (git clone --depth 1, the
 * package manager's clean install, the build, a copy into a web root). Both install into an empty package cache, with
 * the same Node and npm.
 */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Deployment } from "../src/model/deployment.ts";
import { ROOT, removeDataDirectory, startPlatform, type TestPlatform } from "../test/support/platform.ts";
import { runToEnd } from "../test/support/process.ts";
import { newRepository, type TestRepository } from "../test/support/repositories.ts";
import { median, printTable, seconds } from "./report.ts";

const ROUNDS = 3;
const platform = await startPlatform();
const scratch = await mkdtemp(join(tmpdir(), "berth-bench-"));
try {
  const vite = await viteRepository();
  const plain = await newRepository("plain-bench", plainFiles());
  await deploy(vite); // the platform fetches its toolchain once, which is not part of a deployment
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await vite.commit({ "src/round.js": `export const round = ${round};` });
    rounds.push({ byHand: await byHand(vite, `vite-${round}`), berth: await deploy(vite) });
  }
  const first = await deploy(plain);
  const again = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await plain.commit({ "page-7.html": `<h1>changed ${round}</h1>` });
    again.push(await deploy(plain));
  }
  const added = median(rounds.map(({ byHand, berth }) => berth.wallMs - byHand));
  printTable("berth deploy against the same by hand (medians)", [
    ["Vite site by hand", seconds(median(rounds.map(({ byHand }) => byHand))), ""],
    ["Vite site by Berth", seconds(median(rounds.map(({ berth }) => berth.wallMs))), ""],
    ["Berth adds", seconds(added), "at most 1.0 s"],
    ["- where it goes", shares(rounds.at(-1)!.berth.deployment), ""],
    ["plain site of 2,000 files, first", seconds(first.wallMs), ""],
    ["- where it goes", shares(first.deployment), ""],
    ["plain site, one file changed", seconds(median(again.map(({ wallMs }) => wallMs))), "at most 1.0 s"],
    ["- where it goes", shares(again.at(-1)!.deployment), ""],
  ]);
  await vite.remove();
  await plain.remove();
} finally {
  await platform.stop();
  await removeDataDirectory(platform.dataDirectory);
  await rm(scratch, { recursive: true, force: true });
}

/** By the command line, as a user does: the whole time from the key press to the printed URL. */
async function deploy(repository: TestRepository): Promise<{ wallMs: number; deployment: Deployment }> {
  const start = performance.now();
  const child = Bun.spawn([join(ROOT, "berth"), "deploy", repository.path, "--json", "--data", dataOf(platform)], {
    stdout: "pipe",
    stderr: "ignore",
  });
  const deployment = JSON.parse(await new Response(child.stdout).text()) as Deployment;
  const wallMs = performance.now() - start;
  if (deployment.status !== "ready") throw new Error(JSON.stringify(deployment));
  return { wallMs, deployment };
}

function dataOf({ dataDirectory }: TestPlatform): string {
  return dataDirectory;
}

async function byHand(repository: TestRepository, name: string): Promise<number> {
  const toolchains = join(dataOf(platform), "toolchains");
  const node = (await Array.fromAsync(new Bun.Glob("**/bin/node").scan(toolchains)))[0];
  const npm = (await Array.fromAsync(new Bun.Glob("**/bin/npm-cli.js").scan(toolchains)))[0];
  if (node === undefined || npm === undefined) throw new Error("the platform's toolchain was not found");
  const work = join(scratch, name);
  const env = {
    PATH: `${join(toolchains, node, "..")}:/usr/bin:/bin`,
    HOME: join(scratch, "home"),
    CI: "1",
    npm_config_cache: join(scratch, `${name}-cache`),
    npm_config_audit: "false",
    npm_config_fund: "false",
    ...caOf(),
  };
  const start = performance.now();
  await runToEnd(["git", "clone", "--quiet", "--depth", "1", `file://${repository.path}`, work], { env });
  await runToEnd([join(toolchains, node), join(toolchains, npm), "ci"], { cwd: work, env });
  await runToEnd([join(toolchains, node), join(toolchains, npm), "run", "build"], { cwd: work, env });
  await cp(join(work, "dist"), join(scratch, `${name}-root`), { recursive: true });
  return performance.now() - start;
}

function caOf(): Record<string, string> {
  const ca = Bun.env.NODE_EXTRA_CA_CERTS;
  return ca === undefined ? {} : { NODE_EXTRA_CA_CERTS: ca, npm_config_cafile: ca };
}

async function viteRepository(): Promise<TestRepository> {
  const files = {
    "package.json": JSON.stringify({
      name: "vite-bench",
      private: true,
      type: "module",
      scripts: { build: "vite build" },
      devDependencies: { vite: "8.3.4" },
      dependencies: { react: "19.3.1", "react-dom": "19.3.1" },
    }),
    "index.html":
      '<!doctype html><title>Bench</title><div id="root"></div><script type="module" src="/src/main.js"></script>',
    "src/main.js":
      'import { createElement } from "react"; import { createRoot } from "react-dom/client"; import { round } from "./round.js"; createRoot(document.getElementById("root")).render(createElement("h1", null, round));',
    "src/round.js": "export const round = -1;",
    ".gitignore": "node_modules\n",
  };
  const repository = await newRepository("vite-bench");
  for (const [name, text] of Object.entries(files)) {
    await Bun.write(join(repository.path, name), text);
  }
  await runToEnd(["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: repository.path,
  });
  await writeFile(join(repository.path, "README.md"), "bench");
  await repository.commit({});
  return repository;
}

function plainFiles(): Record<string, string> {
  const words = "harbour tide rope anchor mast keel buoy lantern deck sail ".repeat(40);
  const files: Record<string, string> = { "index.html": "<h1>plain</h1>" };
  for (let n = 1; n < 2_000; n += 1)
    files[`page-${n}.html`] = `<!doctype html><title>${n}</title><p>${n} ${words.slice(n % 300)}</p>`;
  return files;
}

function shares({ timings }: Deployment): string {
  return Object.entries(timings)
    .map(([step, ms]) => `${step.replace(/Ms$/, "")} ${seconds(ms)}`)
    .join(", ");
}
