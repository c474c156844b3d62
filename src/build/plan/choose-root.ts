import type { Resolved } from "../../model/deployment.ts";
import { BerthError } from "../../model/errors.ts";
import type { ProjectSettings } from "../../model/project.ts";
import { detectFrameworks } from "./detect.ts";
import { netlifyBase } from "./host-files.ts";
import { buildScripts } from "./script-text.ts";
import type { SourceFiles } from "./source-files.ts";
import { workspaceMembers } from "./workspace.ts";

export interface ChosenRoot extends Resolved {
  value: string;
  warnings: string[];
}

/**
 * The folder of the site: by setting, by netlify.toml's `base`, else the top; and where the top holds nothing that
 * could be built or served, the one folder that does.
 * @throws BerthError `root_not_found`
 */
export async function chooseRoot(files: SourceFiles, settings: ProjectSettings): Promise<ChosenRoot> {
  if (settings.root !== undefined) return existing(files, { value: settings.root, from: "project settings" });
  const base = await netlifyBase(files);
  if (base !== undefined && base !== ".") return existing(files, { value: base, from: "netlify.toml" });
  const only = await onlySiteFolder(files, settings);
  if (only === undefined) return { value: ".", from: "default", warnings: [] };
  const warning = `The site is taken to be in '${only}', the only folder with something to build; set root if it is not.`;
  return { value: only, from: "detected", warnings: [warning] };
}

function existing(files: SourceFiles, { value, from }: { value: string; from: string }): ChosenRoot {
  const root = files.join(value);
  if (files.hasFolder(root)) return { value: root, from, warnings: [] };
  throw new BerthError("root_not_found", `The source has no folder '${value}', which is to be the root (${from}).`, {
    hint: `Set root to one of: ${[".", ...files.foldersIn(".")].slice(0, 12).join(", ")}.`,
  });
}

const LOOKED_AT = 30;

async function onlySiteFolder(files: SourceFiles, settings: ProjectSettings): Promise<string | undefined> {
  const isDecided = settings.build_command ?? settings.output_directory ?? settings.framework;
  if (isDecided !== undefined || ["index.html", "netlify.toml", "vercel.json"].some((name) => files.has(".", name))) {
    return undefined;
  }
  const packageJson = await files.packageJson(".");
  if (packageJson !== undefined && buildScripts(packageJson).length > 0) return undefined;
  const folders = packageJson === undefined ? files.foldersIn(".") : await workspaceMembers(files, ".");
  const sites: string[] = [];
  for (const folder of folders.slice(0, LOOKED_AT)) {
    const inside = await files.packageJson(folder).catch(() => undefined);
    if (inside === undefined || buildScripts(inside).length === 0) continue;
    const isPage = files.has(folder, "index.html");
    if (isPage || (await detectFrameworks({ files, root: folder, packageJson: inside })).length > 0) sites.push(folder);
  }
  return sites.length === 1 ? sites[0] : undefined;
}
