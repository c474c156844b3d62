import type { ChosenManager } from "./package-manager.ts";
import { dependsOn, majorOf } from "./site.ts";
import type { PackageJson } from "./source-files.ts";

/** What a tool of the source runs on at most or at least, and the words for the log. */
export interface NodeLimit {
  major: number;
  because: string;
}

type Ceiling = [name: string, below: number, node: number];

/**
 * Tools with the Node that they still run on, by the major from which on that no longer holds. Below webpack 5 hashes
 * are used that Node 17 gave up; Angular's command line names its Nodes (https://angular.dev/reference/versions);
 * node-sass compiles against one line (https://github.com/sass/node-sass#node-version-support-policy).
 */
const CEILINGS: readonly Ceiling[] = [
  ["vuepress", 2, 16],
  ["react-scripts", 5, 16],
  ["@vue/cli-service", 5, 16],
  ["nuxt", 3, 16],
  ["next", 12, 16],
  ["next", 13, 18],
  ["gatsby", 4, 16],
  ["gatsby", 5, 18],
  ["gridsome", 1, 16],
  ["preact-cli", 4, 16],
  ["sapper", 1, 16],
  ["docusaurus", 2, 16],
  ["@docusaurus/core", 2, 16],
  ["@stencil/core", 2, 16],
  ["@angular/cli", 14, 16],
  ["@angular/cli", 16, 18],
  ["@angular/cli", 18, 20],
  ["@quasar/app", 3, 16],
  ["parcel-bundler", 2, 16],
  ["ember-cli", 4, 16],
  ["webpack", 5, 16],
  ["node-sass", 8, 16],
  ["node-sass", 9, 18],
  ["node-sass", 10, 20],
];

/** The lowest of the Nodes that the site's tools still run on; undefined when all run on the newest. */
export function nodeCeiling(packageJson: PackageJson): NodeLimit | undefined {
  // Node below 17 refuses the option: whoever gives it to old tools runs them on a newer one.
  const copes = Object.values(packageJson.scripts ?? {}).some((script) => script.includes("--openssl-legacy-provider"));
  if (copes) return undefined;
  const held = CEILINGS.flatMap(([name, below, major]): NodeLimit[] => {
    const own = majorOf(packageJson, name);
    return own !== undefined && own < below ? [{ major, because: `${name} ${own} runs on Node ${major} at most` }] : [];
  });
  const range = packageJson.dependencies?.["@docusaurus/core"] ?? "";
  if (dependsOn(packageJson, "@docusaurus/core") && /2\.0\.0-(alpha|beta)/.test(range)) {
    held.push({ major: 16, because: "a Docusaurus from before 2.0 runs on Node 16 at most" });
  }
  return held.sort((one, other) => one.major - other.major)[0];
}

/** By name, the majors from which on a package manager needs a Node, the highest first. */
const FLOORS: Partial<Record<ChosenManager["name"], [from: number, node: number][]>> = {
  pnpm: [
    [11, 22],
    [9, 18],
  ],
  yarn: [[4, 18]],
};

export function nodeFloor({ name, version }: ChosenManager): NodeLimit | undefined {
  const major = Number(/\d+/.exec(version ?? "")?.[0] ?? 0);
  const floor = FLOORS[name]?.find(([from]) => major >= from);
  return floor && { major: floor[1], because: `${name} ${major} needs Node ${floor[1]}` };
}
