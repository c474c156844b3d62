import type { Resolved } from "../../model/deployment.ts";
import type { ProjectSettings } from "../../model/project.ts";
import type { PackageJson, SourceFiles } from "./source-files.ts";

/** The newest long-term version: what a build gets that asks for none. */
const DEFAULT_NODE = "24";
const OLDEST = 16;
const NEWEST = 26;

/** Setting, then `.nvmrc`, `.node-version`, then a plain `engines.node`; the nearest file upwards from the root. */
export async function wishedNode(
  files: SourceFiles,
  { root, settings, packageJson }: { root: string; settings: ProjectSettings; packageJson: PackageJson },
): Promise<Resolved & { value: string }> {
  if (settings.node_version) return { value: settings.node_version.replace(/\.x$/, ""), from: "project settings" };
  for (const folder of root === "." ? ["."] : [root, "."]) {
    for (const name of [".nvmrc", ".node-version"]) {
      const version = readVersion((await files.text(folder, name)) ?? "");
      if (version !== undefined) return { value: version, from: files.join(folder, name) };
    }
  }
  const engines = readVersion(packageJson.engines?.node ?? "");
  if (engines !== undefined) return { value: engines, from: "package.json engines" };
  return { value: DEFAULT_NODE, from: "default" };
}

/** A version such as `v20.11.1`, `20` or `20.x`; aliases and ranges are left to the default. */
function readVersion(text: string): string | undefined {
  const match = /^v?(\d{1,2})((?:\.\d+){0,2})(?:\.x)*$/.exec(text.trim());
  if (match === null) return undefined;
  const major = Number(match[1]);
  return major >= OLDEST && major <= NEWEST ? `${major}${match[2]}` : undefined;
}
