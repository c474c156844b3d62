/**
 * Five frameworks, each built by hand and by Berth in the same run: cold, cold with packages that another project has
 * installed before, warm (one source file changed) and unchanged. Each cold deployment gets a platform of its own, with
 * nothing in it but the toolchains, as the build by hand gets a home of its own.
 *
 *   script/bench builds [--only vite,astro] [--rounds 2]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { newDataDirectory, removeDataDirectory, startPlatform, type TestPlatform } from "../test/support/platform.ts";
import { runToEnd } from "../test/support/process.ts";
import type { TestRepository } from "../test/support/repositories.ts";
import { buildByHand, type Recipe, recipeOf } from "./support/by-hand.ts";
import { deployMeasured, type MeasuredDeployment, shares } from "./support/deploy.ts";
import { median, printColumns, ratio, seconds } from "./support/report.ts";
import { type BenchSite, SITES, siteRepository } from "./support/sites.ts";

const KINDS = ["cold", "known packages", "warm", "unchanged"] as const;
type Kind = (typeof KINDS)[number];
type Round = Record<Kind, MeasuredDeployment> & { byHandMs: number };

/** Of the time by hand; `unchanged` in milliseconds. */
const GOALS: Record<Kind, number> = { cold: 1.1, "known packages": 0.9, warm: 0.5, unchanged: 1000 };

const { values: options } = parseArgs({
  options: { only: { type: "string" }, rounds: { type: "string", default: "2" } },
});
const names = options.only?.split(",") ?? Object.keys(SITES);
const unknown = names.filter((name) => SITES[name] === undefined);
if (unknown.length > 0) throw new Error(`--only knows ${Object.keys(SITES).join(", ")}, not ${unknown.join(", ")}`);

const toolchains = await newDataDirectory();
try {
  const results: [BenchSite, Round[]][] = [];
  for (const name of names) results.push([SITES[name]!, await measure(name, SITES[name]!)]);
  report(results);
} finally {
  await removeDataDirectory(toolchains);
}

async function measure(name: string, site: BenchSite): Promise<Round[]> {
  const repository = await siteRepository(`${name}-bench`, site);
  const other = await siteRepository(`${name}-other`, site);
  try {
    // The first one fetches the toolchain, which is not part of a deployment, and tells what is run.
    const recipe = await learn(repository, site);
    const rounds: Round[] = [];
    for (let round = 0; round < Number(options.rounds); round += 1) {
      console.error(`${site.title}, round ${round + 1} of ${options.rounds}`);
      await commitChange(repository, site, `round ${round}`);
      await commitChange(other, site, `other round ${round}`);
      const hand = () => settled(() => buildByHand(recipe, { url: `file://${repository.path}` }));
      // Whoever goes second finds the machine as the other left it; so they take turns.
      const handFirst = round % 2 === 0 ? await hand() : undefined;
      const byBerth = await deployFourTimes({ repository, other, site, label: `${round}` });
      rounds.push({ ...byBerth, byHandMs: handFirst ?? (await hand()) });
    }
    return rounds;
  } finally {
    await repository.remove();
    await other.remove();
  }
}

async function learn(repository: TestRepository, site: BenchSite): Promise<Recipe> {
  const platform = await startPlatform({ dataDirectory: toolchains });
  try {
    const { deployment } = await deployMeasured(platform, repository.path, rootFlag(site));
    const recipe = await recipeOf(platform, deployment);
    if (recipe === undefined) throw new Error(`it was not told what was run: ${JSON.stringify(deployment)}`);
    return recipe;
  } finally {
    await platform.stop();
  }
}

interface FourTimes {
  repository: TestRepository;
  other: TestRepository;
  site: BenchSite;
  label: string;
}

async function deployFourTimes({
  repository,
  other,
  site,
  label,
}: FourTimes): Promise<Record<Kind, MeasuredDeployment>> {
  const platform = await emptyPlatform();
  try {
    const deploy = (source: TestRepository) =>
      settled(async () => {
        const measured = await deployMeasured(platform, source.path, rootFlag(site));
        await assertServed(platform, measured);
        return measured;
      });
    const cold = await deploy(repository);
    const known = await deploy(other);
    await commitChange(repository, site, `warm ${label}`);
    const warm = await deploy(repository);
    const unchanged = await deploy(repository);
    return { cold, "known packages": known, warm, unchanged };
  } finally {
    await platform.stop();
    await removeDataDirectory(platform.dataDirectory);
  }
}

/** No cache of packages, no cache of builds, nothing in the store: the toolchains alone, as links to the same files. */
async function emptyPlatform(): Promise<TestPlatform> {
  const dataDirectory = await newDataDirectory();
  await runToEnd(["cp", "-al", join(toolchains, "toolchains"), dataDirectory]);
  return await startPlatform({ dataDirectory });
}

/** What was written before is on the disk first: no measurement pays for the one before it. */
async function settled<T>(measured: () => Promise<T>): Promise<T> {
  await runToEnd(["sync"]);
  await Bun.sleep(1_000);
  return await measured();
}

async function assertServed(platform: TestPlatform, { deployment }: MeasuredDeployment): Promise<void> {
  const { status } = await platform.site(new URL(deployment.url).host, "/");
  if (status !== 200) throw new Error(`${deployment.url} answers ${status}`);
}

function rootFlag({ root }: BenchSite): string[] {
  return root === "." ? [] : ["--root", root];
}

async function commitChange(repository: TestRepository, { change }: BenchSite, text: string): Promise<void> {
  await repository.commit({ [change.path]: change.text(text) });
}

function report(results: readonly (readonly [BenchSite, readonly Round[]])[]): void {
  const rows = results.map(([site, rounds]) => {
    const byHandMs = median(rounds.map((round) => round.byHandMs));
    const cells = KINDS.map((kind) => {
      const wallMs = median(rounds.map((round) => round[kind].wallMs));
      const isMet = kind === "unchanged" ? wallMs < GOALS[kind] : wallMs <= GOALS[kind] * byHandMs;
      const figure = kind === "unchanged" ? seconds(wallMs) : `${seconds(wallMs)}, ${ratio(wallMs, byHandMs)}`;
      return isMet ? figure : `${figure} (missed)`;
    });
    return [site.title, seconds(byHandMs), ...cells];
  });
  printColumns(
    `berth deploy against the same build by hand (medians of ${options.rounds})`,
    ["site", "by hand", ...KINDS],
    [...rows, ["goal", "", "≤ 1.10 ×", "≤ 0.90 ×", "≤ 0.50 ×", "< 1.00 s"]],
  );
  printColumns(
    "where it goes (last round)",
    ["site", "deployment", "steps"],
    results.flatMap(([site, rounds]) =>
      KINDS.map((kind) => {
        const { deployment } = rounds.at(-1)![kind];
        return [site.title, deployment.reused ? `${kind}, reused` : kind, shares(deployment)];
      }),
    ),
  );
}
