/**
 * A Vite site and a plain site of 2,000 files: deployed by Berth, and the first also by hand in the same run, with the
 * same Node and npm. `--force` goes without what the platform has kept of earlier builds.
 */
import { removeDataDirectory, startPlatform } from "../test/support/platform.ts";
import { newRepository } from "../test/support/repositories.ts";
import { buildByHand, recipeOf } from "./support/by-hand.ts";
import { deployMeasured, shares } from "./support/deploy.ts";
import { median, printTable, seconds } from "./support/report.ts";
import { SITES, siteRepository } from "./support/sites.ts";

const ROUNDS = 3;
const platform = await startPlatform();
try {
  const site = SITES.vite!;
  const vite = await siteRepository("vite-bench", site);
  const plain = await newRepository("plain-bench", plainFiles());
  // The platform fetches its toolchain once, which is not part of a deployment.
  const { deployment } = await deployMeasured(platform, vite.path);
  const recipe = (await recipeOf(platform, deployment))!;
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await vite.commit({ [site.change.path]: site.change.text(`${round}`) });
    const byHandMs = await buildByHand(recipe, { url: `file://${vite.path}` });
    rounds.push({ byHandMs, berth: await deployMeasured(platform, vite.path, ["--force"]) });
  }
  const first = await deployMeasured(platform, plain.path);
  const again = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await plain.commit({ "page-7.html": `<h1>changed ${round}</h1>` });
    again.push(await deployMeasured(platform, plain.path));
  }
  const added = median(rounds.map(({ byHandMs, berth }) => berth.wallMs - byHandMs));
  printTable("berth deploy against the same by hand (medians)", [
    ["Vite site by hand", seconds(median(rounds.map(({ byHandMs }) => byHandMs))), ""],
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
}

function plainFiles(): Record<string, string> {
  const words = "harbour tide rope anchor mast keel buoy lantern deck sail ".repeat(40);
  const files: Record<string, string> = { "index.html": "<h1>plain</h1>" };
  for (let n = 1; n < 2_000; n += 1)
    files[`page-${n}.html`] = `<!doctype html><title>${n}</title><p>${n} ${words.slice(n % 300)}</p>`;
  return files;
}
