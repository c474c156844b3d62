import { posix } from "node:path";
import semver from "semver";
import type { Resolved } from "../../model/deployment.ts";
import type { ProjectSettings } from "../../model/project.ts";
import { type NodeLimit, nodeCeiling, nodeFloor } from "./node-limits.ts";
import type { ChosenManager } from "./package-manager.ts";
import type { PackageJson, SourceFiles } from "./source-files.ts";

/** The newest long-term version: what a build gets that asks for none. */
const DEFAULT_NODE = 24;
const OLDEST = 16;
const NEWEST = 26;
/** Majors that builds can have, the preferred first: long-term ones, the newest of them first. */
const MAJORS = [24, 22, 20, 18, 16, 26, 25, 23, 21, 19, 17];
/** Names of long-term lines, as `.nvmrc` may hold them: https://github.com/nodejs/Release */
const LINES: Record<string, string> = {
  ...{ argon: "4", boron: "6", carbon: "8", dubnium: "10", erbium: "12", fermium: "14" },
  ...{ gallium: "16", hydrogen: "18", iron: "20", jod: "22", krypton: "24" },
};

/** By file, the lines with which pnpm up to 10 is told to fetch a Node from nodejs.org. */
export const NODE_OF_PNPM: Readonly<Record<string, RegExp>> = {
  ".npmrc": /^[ \t]*use-node-version[ \t]*=[ \t]*["']?([^\s"';#]+).*$/gm,
  "pnpm-workspace.yaml": /^useNodeVersion[ \t]*:[ \t]*["']?([^\s"'#]+).*$/gm,
};

interface Question {
  root: string;
  workspaceRoot: string;
  settings: ProjectSettings;
  packageJson: PackageJson;
  manager: ChosenManager;
  /** Of netlify.toml, where `NODE_VERSION` says it. */
  env: { variables: Record<string, string>; from: string };
}

export interface WishedNode {
  /** A version, a major, or a range of one major. */
  node: Resolved & { value: string };
  warnings: string[];
}

/**
 * Setting, then netlify.toml, what pnpm is told, `.nvmrc`, `.node-version`, `.tool-versions`, `mise.toml`, Volta's
 * pin, `devEngines`, `engines.node`; else the newest long-term Node that the site's tools run on. One that builds can't
 * have gives way to the nearest, with a warning.
 */
export async function wishedNode(files: SourceFiles, question: Question): Promise<WishedNode> {
  const { settings, manager } = question;
  if (settings.node_version) {
    return { node: { value: settings.node_version.replace(/\.x$/, ""), from: "project settings" }, warnings: [] };
  }
  const floor = nodeFloor(manager);
  const { pin, passedOver } = await findPin(files, question);
  const wish = pin !== undefined ? nearest(pin) : await byEngines(files, { ...question, passedOver });
  const { node, warnings } = raised(wish, floor);
  return { node, warnings: [...passedOver, ...warnings] };
}

/** What `engines` allows, else what the site's tools run on; adds to `passedOver` what is no version. */
async function byEngines(
  files: SourceFiles,
  { root, workspaceRoot, packageJson, passedOver }: Question & { passedOver: string[] },
): Promise<WishedNode> {
  const ceiling = nodeCeiling(packageJson);
  for (const folder of new Set([root, workspaceRoot])) {
    const engines = (await files.packageJson(folder).catch(() => undefined))?.engines?.node;
    const from = `${files.join(folder, "package.json")} engines`;
    const found = withinRange(engines, { ceiling, from });
    if (found !== undefined) return found;
    notVersion(passedOver, { text: engines, from });
  }
  if (ceiling === undefined) return { node: { value: `${DEFAULT_NODE}`, from: "default" }, warnings: [] };
  return { node: { value: `${ceiling.major}`, from: ceiling.because }, warnings: [] };
}

interface Pin {
  version: string;
  from: string;
}

async function findPin(
  files: SourceFiles,
  { root, workspaceRoot, env }: Question,
): Promise<{ pin: Pin | undefined /** Warnings of what is no version. */; passedOver: string[] }> {
  const passedOver: string[] = [];
  const told = { text: env.variables.NODE_VERSION, from: `${env.from} NODE_VERSION` };
  const pins = [told, ...(await pnpmPins(files, [root, workspaceRoot]))];
  for (const folder of new Set([root, workspaceRoot, "."])) {
    for (const name of [".nvmrc", ".node-version", ".tool-versions", "mise.toml", ".mise.toml"]) {
      pins.push({ text: firstLine((await files.text(folder, name)) ?? "", name), from: files.join(folder, name) });
    }
  }
  for (const { text, from } of pins) {
    const version = readVersion(text);
    if (version !== undefined) return { pin: { version, from }, passedOver };
    notVersion(passedOver, { text, from });
  }
  return { pin: await voltaPin(files, root), passedOver };
}

/** The Node that pnpm runs scripts with, whatever else is pinned: https://pnpm.io/10.x/settings#usenodeversion */
async function pnpmPins(files: SourceFiles, folders: readonly string[]): Promise<{ text?: string; from: string }[]> {
  const pins: { text?: string; from: string }[] = [];
  for (const folder of new Set(folders)) {
    for (const [name, pattern] of Object.entries(NODE_OF_PNPM)) {
      const text = new RegExp(pattern.source, "m").exec((await files.text(folder, name)) ?? "")?.[1];
      if (text !== undefined) pins.push({ text, from: files.join(folder, name) });
    }
  }
  return pins;
}

/** Words for the newest one, which a build gets anyway. */
const NEWEST_WORDS = /^(|\*|x|lts(\/\*)?|node|stable|latest|current|system|default)$/i;

function notVersion(passedOver: string[], { text, from }: { text: string | undefined; from: string }): void {
  if (text === undefined || NEWEST_WORDS.test(text.trim())) return;
  passedOver.push(
    `${from} says ${JSON.stringify(text.trim().slice(0, 40))}, which is no version of Node: passed over.`,
  );
}

/** https://docs.volta.sh/advanced/workspaces: `extends` leads to the next package.json. */
async function voltaPin(files: SourceFiles, root: string): Promise<Pin | undefined> {
  let path = files.join(root, "package.json");
  for (let step = 0; step < 4 && !path.startsWith(".."); step += 1) {
    const volta = (await files.packageJson(posix.dirname(path)).catch(() => undefined))?.volta;
    const version = readVersion(volta?.node);
    if (version !== undefined) return { version, from: `${path} volta` };
    if (volta?.extends === undefined || posix.basename(volta.extends) !== "package.json") return undefined;
    path = files.join(posix.dirname(path), volta.extends);
  }
  return undefined;
}

/** `node = "22"` among other tools: https://mise.jdx.dev/lang/node.html */
const NODE_OF_MISE = /^[ \t]*node(?:js)?[ \t]*=[ \t]*(?:\{[^}\n]{0,200}?version[ \t]*=[ \t]*)?["']([^"'\n]{1,40})["']/m;

function firstLine(text: string, name: string): string | undefined {
  if (name.endsWith("mise.toml")) return NODE_OF_MISE.exec(text)?.[1];
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  if (name === ".tool-versions") return lines.find((line) => /^nodejs?\s/.test(line))?.split(/\s+/)[1];
  return lines.find((line) => line !== "");
}

/** A version such as `v20.11.1`, `20`, `20.x`, `22.0.0-rc.1` or `lts/iron`; undefined for what is none, such as `lts/*`. */
function readVersion(text: string | undefined): string | undefined {
  const word = text?.trim().replace(/^node(?:js)?[@-]?(?=v?\d)/, "") ?? "";
  const line = LINES[/^lts[/-](\w+)$/.exec(word)?.[1]?.toLowerCase() ?? ""];
  const match = /^[v^~=]?(\d{1,2})((?:\.\d{1,4}){0,2})(?:\.[x*])*(-[\w.-]+)?$/.exec(line ?? word);
  return match === null ? undefined : `${Number(match[1])}${match[2]}${match[3] ?? ""}`;
}

/** The pinned one where builds can have it. */
function nearest({ version, from }: Pin): WishedNode {
  const major = majorOfNode(version);
  const isPrerelease = version.includes("-");
  if (major >= OLDEST && major <= NEWEST && !isPrerelease) return { node: { value: version, from }, warnings: [] };
  const value = `${Math.min(Math.max(major, OLDEST), NEWEST)}`;
  const warning = `${from} asks for Node ${version}, which builds can't have: Node ${value} is the nearest.`;
  return { node: { value, from }, warnings: [warning] };
}

/** The preferred major that a range allows, below the ceiling if it can be; an exact version stays as it is. */
function withinRange(
  text: string | undefined,
  { ceiling, from }: { ceiling: NodeLimit | undefined; from: string },
): WishedNode | undefined {
  if (text === undefined || text.length > 100 || /^[~^]/.test(text) === false) {
    const exact = readVersion(text);
    if (exact !== undefined) return nearest({ version: exact, from });
  }
  if (text === undefined || text.length > 100 || semver.validRange(text) === null) return undefined;
  const allowed = MAJORS.filter((major) => semver.intersects(text, `${major}.x`));
  if (allowed.length === 0) {
    const least = semver.minVersion(text)?.major ?? 0;
    const value = `${least > NEWEST ? NEWEST : OLDEST}`;
    const warning = `${from} asks for Node ${text}, which builds can't have: Node ${value} is the nearest.`;
    return { node: { value, from }, warnings: [warning] };
  }
  const below = ceiling && allowed.find((major) => major <= ceiling.major);
  const major = below ?? allowed[0]!;
  const why = below !== undefined && below !== allowed[0] ? `${from}; ${ceiling!.because}` : from;
  return { node: { value: partOfRange(text, major), from: why }, warnings: [] };
}

/** The major alone where its newest version is in range, else what the range leaves of it. */
function partOfRange(range: string, major: number): string {
  if (semver.satisfies(`${major}.999.999`, range)) return `${major}`;
  const part = new semver.Range(range).set.find((comparators) =>
    semver.intersects(comparators.join(" "), `${major}.x`),
  );
  return `${part!.join(" ")} >=${major}.0.0 <${major + 1}.0.0-0`;
}

/** A package manager that the source asks for may need a newer Node than it names. */
function raised(wished: WishedNode, floor: NodeLimit | undefined): WishedNode {
  const { node, warnings } = wished;
  if (floor === undefined || majorOfNode(node.value) >= floor.major) return wished;
  const value = `${floor.major}`;
  const warning = `Node ${node.value} is asked for (${node.from}), and ${floor.because}: Node ${value} is used.`;
  return { node: { value, from: floor.because }, warnings: [...warnings, warning] };
}

/** Of a version, a major, or a range of one major. */
export function majorOfNode(value: string): number {
  return semver.minVersion(value)?.major ?? Number.parseInt(value, 10);
}
