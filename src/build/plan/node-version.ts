import semver from "semver";
import type { Resolved } from "../../model/deployment.ts";
import type { ProjectSettings } from "../../model/project.ts";
import { majorOf } from "./site.ts";
import type { PackageJson, SourceFiles } from "./source-files.ts";

/** The newest long-term version: what a build gets that asks for none. */
const DEFAULT_NODE = "24";
/** Majors that builds can have, the preferred first. */
const MAJORS = [24, 22, 20, 18, 16, 26, 25, 23, 21, 19, 17];
/** Names of long-term lines, as `.nvmrc` may hold them: https://github.com/nodejs/Release */
const LINES: Record<string, string> = { gallium: "16", hydrogen: "18", iron: "20", jod: "22", krypton: "24" };

interface Question {
  root: string;
  workspaceRoot: string;
  settings: ProjectSettings;
  packageJson: PackageJson;
  /** Of netlify.toml, where `NODE_VERSION` says it. */
  env: { variables: Record<string, string>; from: string };
}

/** Setting, then netlify.toml, `.nvmrc`, `.node-version`, `.tool-versions`, Volta's pin, `engines.node`. */
export async function wishedNode(
  files: SourceFiles,
  { root, workspaceRoot, settings, packageJson, env }: Question,
): Promise<Resolved & { value: string }> {
  if (settings.node_version) return { value: settings.node_version.replace(/\.x$/, ""), from: "project settings" };
  const asked = readVersion(env.variables.NODE_VERSION);
  if (asked !== undefined) return { value: asked, from: `${env.from} NODE_VERSION` };
  for (const folder of new Set([root, workspaceRoot, "."])) {
    for (const name of [".nvmrc", ".node-version", ".tool-versions"]) {
      const version = readVersion(firstLine((await files.text(folder, name)) ?? "", name));
      if (version !== undefined) return { value: version, from: files.join(folder, name) };
    }
  }
  const pinned = readVersion(packageJson.volta?.node);
  if (pinned !== undefined) return { value: pinned, from: "package.json volta" };
  const fitting = majorFor(packageJson.engines?.node);
  if (fitting !== undefined) return { value: fitting, from: "package.json engines" };
  // Its command line refuses to start on a Node that is newer than it knows.
  const angular = majorOf(packageJson, "@angular/cli");
  if (angular !== undefined && angular <= 15) return { value: "18", from: `Angular ${angular}` };
  return { value: DEFAULT_NODE, from: "default" };
}

function firstLine(text: string, name: string): string | undefined {
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  if (name === ".tool-versions") return lines.find((line) => /^nodejs?\s/.test(line))?.split(/\s+/)[1];
  return lines.find((line) => line !== "");
}

/** A version such as `v20.11.1`, `20`, `20.x` or `lts/iron`; one that builds can't have is left to the default. */
function readVersion(text: string | undefined): string | undefined {
  const line = LINES[/^lts\/(\w+)$/.exec(text?.trim() ?? "")?.[1]?.toLowerCase() ?? ""];
  const match = /^v?(\d{1,2})((?:\.\d{1,4}){0,2})(?:\.[x*])*$/.exec(line ?? text?.trim() ?? "");
  return match !== null && MAJORS.includes(Number(match[1])) ? `${Number(match[1])}${match[2]}` : undefined;
}

/** The preferred major that a range allows; an exact version stays as it is. */
function majorFor(range: string | undefined): string | undefined {
  const exact = readVersion(range);
  if (exact !== undefined) return exact;
  if (range === undefined || range.length > 100 || semver.validRange(range) === null) return undefined;
  return MAJORS.find((major) => semver.intersects(range, `${major}.x`))?.toString();
}
