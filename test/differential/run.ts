/** Started by script/differential: run.ts WRANGLER SEED. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { requestDeployment, waitForEnd } from "../support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../support/platform.ts";
import { ask } from "../support/raw-http.ts";
import { type Answer, CLASSES, classOf, classOfSpelled, isSame, normalSpelling } from "./classes.ts";
import { startCloudflare } from "./cloudflare.ts";
import { type GeneratedSite, generateSites } from "./generate.ts";

const [wrangler = "", seedText = "1"] = Bun.argv.slice(2);
const TARGETS_EACH = 300;
const SHOWN = 6;
/** Below the ports that the kernel gives out; the network is the run's own. */
const FIRST_PORT = 20_000;

const folder = await mkdtemp(join(tmpdir(), "berth-differential-"));
const platform = await startPlatform();
const sites = generateSites(Number(seedText), TARGETS_EACH);
let requests = 0;
const found = new Map<string, string[]>();
try {
  const queue = [...sites.entries()];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await compareSite(...next);
  };
  await Promise.all([work(), work()]);
} finally {
  await platform.stop();
  await removeDataDirectory(platform.dataDirectory);
  await rm(folder, { recursive: true });
}
for (const [name, lines] of [...found].sort()) {
  console.log(`\n${name}: ${lines.length}${CLASSES[name] === undefined ? "" : ` (${CLASSES[name].title})`}`);
  for (const line of lines.slice(0, name === "unexplained" ? 2000 : SHOWN)) console.log(`  ${line}`);
}
const unexplained = found.get("unexplained")?.length ?? 0;
const differences = [...found.values()].reduce((sum, lines) => sum + lines.length, 0);
const classes = [...found.keys()].filter((name) => name !== "unexplained").length;
console.log(`\n${requests} requests, ${differences} differences in ${classes} classes, ${unexplained} unexplained`);
process.exitCode = unexplained > 0 ? 1 : 0;

async function compareSite(index: number, site: GeneratedSite): Promise<void> {
  const own = join(folder, `${index}`);
  const assets = join(own, "assets");
  const rules = [
    ["_redirects", site.redirects],
    ["_headers", site.headers],
  ] as const;
  for (const [path, text] of [...site.files.map((file) => [file, file] as const), ...rules]) {
    if (text === "") continue;
    await mkdir(dirname(join(assets, path)), { recursive: true });
    await writeFile(join(assets, path), text);
  }
  const [cloudflare, host] = await Promise.all([
    startCloudflare(wrangler, { folder: own, assets, site, port: FIRST_PORT + 2 * index }),
    deploy(platform, { source: assets, project: `site-${index}`, site }),
  ]);
  try {
    for (const target of site.targets) {
      const theirs = await answer(cloudflare.port, `127.0.0.1:${cloudflare.port}`, target);
      const ours = await answer(platform.port, host, target);
      requests += 1;
      if (isSame(theirs, ours)) continue;
      const normal = normalSpelling(target);
      const name =
        normal === undefined || normal === target
          ? classOf({ site, target, theirs, ours })
          : classOfSpelled({
              target,
              ours,
              normal: {
                site,
                target: normal,
                theirs: await answer(cloudflare.port, `127.0.0.1:${cloudflare.port}`, normal),
                ours: await answer(platform.port, host, normal),
              },
            });
      const settings = `${site.htmlHandling}, ${site.notFoundHandling}`;
      const line = `${target} [${settings}] theirs ${shown(theirs)} ours ${shown(ours)}`;
      const rulesOf =
        name === "unexplained"
          ? ` files ${site.files.join(" ")} rules ${JSON.stringify(site.redirects + site.headers)}`
          : "";
      found.set(name, [...(found.get(name) ?? []), line + rulesOf]);
    }
  } finally {
    await cloudflare.stop();
  }
}

async function deploy(
  on: TestPlatform,
  { source, project, site }: { source: string; project: string; site: GeneratedSite },
): Promise<string> {
  await requestDeployment(on, { source, project });
  const settings = { html_handling: site.htmlHandling, not_found_handling: site.notFoundHandling };
  await on.api(`/projects/${project}`, { method: "PATCH", body: JSON.stringify({ settings }) });
  const { error, aliases } = await waitForEnd(on, (await requestDeployment(on, { source, project })).id);
  if (error !== null) throw new Error(`${error.message} ${error.hint}\n${JSON.stringify(site)}`);
  return new URL(aliases[0]!).hostname;
}

async function answer(port: number, host: string, target: string): Promise<Answer> {
  const request = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const { status, headers, body } = await ask(port, Buffer.from(request));
  const text = Buffer.from(body).toString();
  return {
    status,
    location: headers.get("location")?.replace(`http://${host}`, ""),
    // Each has an error page of its own.
    body: status === 200 || (status === 404 && text.length < 100) ? text : "",
    // An empty value at the end of a list may come as a field of its own.
    headers: ["x-one", "x-two", "x-got"].map((name) => headers.get(name)?.trimEnd() ?? "").join("|"),
  };
}

function shown({ status, location, body, headers }: Answer): string {
  return [status, location, JSON.stringify(body), headers === "||" ? "" : headers].filter(Boolean).join(" ");
}
