/**
 * Real public repositories of bench/corpus.json, deployed with no setting, one after another on one platform. None of
 * them is part of this repository: each is fetched from its URL, or from a folder of mirrors, where the repository
 * owner/name lies as a git directory at DIR/owner+name/repo.
 *
 *   script/bench corpus [--mirrors DIR] [--only astro,owner/name] [--from 12] [--limit SECONDS] [--json FILE] [--by-hand]
 *
 * --by-hand builds what has failed once more without the wall, with the same commands and versions: it runs the code of
 * those repositories on this machine, as the user `nobody` where this process is root.
 */
import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Deployment, isFinal } from "../src/model/deployment.ts";
import { requestDeployment } from "../test/support/deploy.ts";
import { removeDataDirectory, startPlatform, type TestPlatform } from "../test/support/platform.ts";
import corpus from "./corpus.json";
import { buildByHand, recipeOf } from "./support/by-hand.ts";
import { type CorpusEntry, type Located, locate, selectEntries } from "./support/corpus-sources.ts";
import { markdownRow, seconds } from "./support/report.ts";

interface Outcome {
  name: string;
  /** `no mirror` was not tried; `refused` never became a deployment. */
  outcome: "built" | "failed" | "time limit" | "no mirror" | "refused";
  framework: string | null;
  expected: string | null;
  manager: string | null;
  node: string | null;
  wallMs: number;
  cause: string;
  byHand?: string;
}

const { values: options } = parseArgs({
  options: {
    mirrors: { type: "string" },
    only: { type: "string" },
    from: { type: "string", default: "1" },
    limit: { type: "string", default: "900" },
    json: { type: "string" },
    "by-hand": { type: "boolean", default: false },
  },
});
const limitSeconds = Number(options.limit);
const entries = selectEntries(corpus as CorpusEntry[], { only: options.only?.split(","), from: Number(options.from) });

const COLUMNS = ["n", "repository", "framework", "manager", "Node", "outcome", "time", "cause"];
console.log(`${markdownRow(COLUMNS)}\n${markdownRow(COLUMNS.map(() => "---"))}`);
const outcomes: Outcome[] = [];
const platform = await startPlatform();
try {
  for (const { entry, position } of entries) {
    const outcome = await tryOne(entry);
    outcomes.push(outcome);
    console.log(markdownRow(rowOf(outcome, position)));
    // Written after each, so that a run that is broken off has told what it knows.
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(outcomes, null, 2)}\n`);
  }
} finally {
  await platform.stop();
  await removeDataDirectory(platform.dataDirectory);
}
console.log(`\n${summary(outcomes)}`);

async function tryOne(entry: CorpusEntry): Promise<Outcome> {
  const { name, framework: expected } = entry;
  const start = performance.now();
  const none = { name, expected, framework: null, manager: null, node: null };
  const ended = (outcome: Outcome["outcome"], cause: string): Outcome => ({
    ...none,
    outcome,
    wallMs: performance.now() - start,
    cause,
  });
  const located = await locate(entry, options.mirrors);
  if (located === undefined) return ended("no mirror", "");
  try {
    const deployment = await deployWithin(platform, entry, located);
    const { framework, packageManager: manager, node, status, error } = deployment;
    const known = { ...none, framework, manager, node, wallMs: performance.now() - start };
    if (status === "ready") return { ...known, outcome: "built", cause: located.note };
    const failed: Outcome = {
      ...known,
      outcome: status === "canceled" ? "time limit" : "failed",
      cause:
        status === "canceled" ? `over ${limitSeconds} s` : plain(`${error?.code}: ${error?.message} ${error?.hint}`),
    };
    return options["by-hand"] ? { ...failed, byHand: await byHand(deployment, located) } : failed;
  } catch (error) {
    // Whatever happens to one, the next one's turn comes.
    return ended("refused", (error as Error).message);
  }
}

async function deployWithin(at: TestPlatform, entry: CorpusEntry, located: Located): Promise<Deployment> {
  const { id } = await requestDeployment(at, {
    source: located.source,
    project: entry.name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, 40)
      .replace(/^-|-$/g, ""),
    ...(located.commit === undefined ? {} : { commit: located.commit }),
    ...(entry.root === undefined ? {} : { root: entry.root }),
  });
  const deadline = Date.now() + limitSeconds * 1000;
  for (let isCanceled = false; ; ) {
    const deployment = (await (await at.api(`/deployments/${id}`)).json()) as Deployment;
    if (isFinal(deployment.status)) return deployment;
    if (Date.now() > deadline && !isCanceled) {
      await at.api(`/deployments/${id}/cancel`, { method: "POST" });
      isCanceled = true;
    }
    await sleep(200);
  }
}

async function byHand(deployment: Deployment, { gitUrl, commit }: Located): Promise<string> {
  const recipe = await recipeOf(platform, deployment);
  if (recipe === undefined) return "not tried by hand: it was not known what to run";
  try {
    const outputless = { ...recipe, output: null };
    const ms = await buildByHand(outputless, { url: gitUrl, commit, limitSeconds, asNobody: true });
    return `builds by hand in ${seconds(ms)}`;
  } catch (error) {
    const lines = (error as Error).message.split("\n").filter((line) => line.trim() !== "");
    return plain(`fails by hand too: ${lines[0]} … ${lines.slice(-3).join(" / ")}`);
  }
}

function rowOf(outcome: Outcome, position: number): string[] {
  const { name, framework, expected, manager, node, wallMs, cause } = outcome;
  const seen = framework ?? "-";
  const causes = [cause, outcome.byHand ?? ""].filter((text) => text !== "").map((text) => text.slice(0, 400));
  return [
    `${position}`,
    name,
    framework === expected || outcome.outcome === "no mirror" ? seen : `${seen} (expected ${expected ?? "none"})`,
    manager ?? "-",
    node ?? "-",
    outcome.outcome,
    seconds(wallMs),
    causes.join("; "),
  ];
}

/** Without the colours that build tools print. */
function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}

function summary(all: readonly Outcome[]): string {
  const count = (outcome: Outcome["outcome"]) => all.filter((one) => one.outcome === outcome).length;
  const built = all.filter((one) => one.outcome === "built");
  const frameworks = new Set(built.map(({ framework }) => framework ?? "none"));
  const byHandOnly = all.filter(({ byHand: told }) => told?.startsWith("builds")).length;
  const parts = [
    `${built.length} built (${frameworks.size} frameworks)`,
    `${count("failed") + count("time limit") + count("refused")} failed`,
    ...(options["by-hand"] ? [`${byHandOnly} of them build by hand`] : []),
    ...(count("no mirror") > 0 ? [`${count("no mirror")} without a mirror`] : []),
  ];
  return `${all.length} repositories: ${parts.join(", ")}.`;
}
