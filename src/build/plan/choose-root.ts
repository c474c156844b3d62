import { posix } from "node:path";
import type { Resolved } from "../../model/deployment.ts";
import { BerthError } from "../../model/errors.ts";
import type { ProjectSettings } from "../../model/project.ts";
import { detectFrameworks, NEVER_ALONE } from "./detect.ts";
import { findSites } from "./find-sites.ts";
import { FRAMEWORKS } from "./frameworks.ts";
import { netlifyBase, saysWhatToBuild } from "./host-files.ts";
import { isHugoSite } from "./hugo.ts";
import { usualPages } from "./pages-folder.ts";
import { buildScripts, makesLibrary, membersNamedIn, runsProgram } from "./script-text.ts";
import { isLibraryAlone } from "./site-script.ts";
import type { SourceFiles } from "./source-files.ts";

export interface ChosenRoot extends Resolved {
  value: string;
  warnings: string[];
}

/**
 * The folder of the site: by setting, by netlify.toml's `base`, else the top; and where the top has no site of its own,
 * the one folder that has one.
 * @throws BerthError `root_not_found`, `site_ambiguous` when several folders have one
 */
export async function chooseRoot(files: SourceFiles, settings: ProjectSettings): Promise<ChosenRoot> {
  if (settings.root !== undefined) return existing(files, { value: settings.root, from: "project settings" });
  const base = await netlifyBase(files);
  if (base !== undefined && base !== ".") return existing(files, { value: base, from: "netlify.toml" });
  const top: ChosenRoot = { value: ".", from: "default", warnings: [] };
  return (await hasItsOwnSite(files, settings)) ? top : ((await siteBelow(files)) ?? top);
}

function existing(files: SourceFiles, { value, from }: { value: string; from: string }): ChosenRoot {
  const root = files.join(value);
  if (files.hasFolder(root)) return { value: root, from, warnings: [] };
  throw new BerthError("root_not_found", `The source has no folder '${value}', which is to be the root (${from}).`, {
    hint: `Set root to one of these: ${files.choicesIn(".")}.`,
  });
}

/** Scripts of a repository of many packages that run the scripts of its members and do nothing else. */
const DELEGATES =
  /^\s*(?:\w+=\S+\s+)*(?:(?:npx|pnpm|yarn|bunx|npm exec|cross-env|dotenv(?:\s+-e\s+\S+)*\s+--)\s+)*(turbo|nx|lerna|rush|wsrun|ultra|wireit|moon|pnpm\s+(?:-r|--recursive|-w|-F|--filter|run\s+(?:-r|--recursive|--filter|-F)|--parallel)|yarn\s+workspaces?|npm\s+run\s+.*(?:-w\b|-ws\b|--workspaces?)|npm\s+(?:-w|--workspace|--prefix)|bun\s+(?:run\s+)?--filter|pnpm\s+(?:-C|--dir)|yarn\s+--cwd|cd\s+[\w./-]+\s+&&)/;

async function hasItsOwnSite(files: SourceFiles, settings: ProjectSettings): Promise<boolean> {
  if ((settings.build_command ?? settings.output_directory ?? settings.framework) !== undefined) return true;
  if ((await isHugoSite(files, ".")) || (await saysWhatToBuild(files, "."))) return true;
  const packageJson = await files.packageJson(".");
  const detected = packageJson === undefined ? [] : await detectFrameworks({ files, root: ".", packageJson });
  if (packageJson !== undefined && (await isLibraryAlone({ files, root: ".", packageJson }, detected))) return false;
  if (files.has(".", "index.html")) return true;
  if (packageJson === undefined) return (await usualPages(files, ".")) !== undefined;
  const texts = buildScripts(packageJson).map(({ text }) => text);
  const hasMembers = packageJson.workspaces !== undefined || files.has(".", "pnpm-workspace.yaml");
  const ids = detected.filter((id) => !NEVER_ALONE.has(id));
  if (texts.length === 0) {
    const runsAlone = (id: string) => {
      const { command, pagesIn } = FRAMEWORKS[id]!;
      return command !== undefined && !(hasMembers && id === "vite") && hasOneOf(files, pagesIn);
    };
    return ids.some(runsAlone) || (await usualPages(files, ".")) !== undefined;
  }
  const programs = ids.flatMap((id) => FRAMEWORKS[id]!.programs);
  if (texts.some((text) => programs.some((program) => runsProgram(text, program)))) return true;
  const delegating = texts.filter(delegates).length;
  if (ids.length > 0) return texts.some((text) => !delegates(text) && !makesLibrary(text));
  // A build of nobody knows what: of members of a workspace, of a library, or else of a site.
  return delegating === 0 && !hasMembers && !texts.every(makesLibrary);
}

const hasOneOf = (files: SourceFiles, folders: readonly string[] | undefined): boolean =>
  folders?.some((folder) => files.hasFolder(folder)) ?? true;

const delegates = (text: string): boolean => text.split("\n").some((line) => DELEGATES.test(line));

const SHOWN = 12;

async function siteBelow(files: SourceFiles): Promise<ChosenRoot | undefined> {
  const { main, side } = await findSites(files);
  const sites = main.length > 0 ? main : side;
  if (sites.length === 0) return undefined;
  const only = sites.length === 1 ? sites[0] : await namedByScript(files, sites);
  if (only === undefined) throw ambiguous(sites);
  const others = sites.length > 1 ? ", the one that the build script names" : ", the only folder with a site";
  const warning = `The site is taken to be in '${only}'${others}; set root if it is not.`;
  return { value: only, from: "detected", warnings: [warning] };
}

/** `turbo run build --filter=web`, `yarn workspace web build`: the repository has chosen already. */
async function namedByScript(files: SourceFiles, sites: readonly string[]): Promise<string | undefined> {
  const script = buildScripts((await files.packageJson(".")) ?? {})[0];
  if (script === undefined) return undefined;
  const named = membersNamedIn(script.text);
  const found: string[] = [];
  for (const site of sites) {
    const own = (await files.packageJson(site).catch(() => undefined))?.name;
    if ([own, site, posix.basename(site)].some((name) => name !== undefined && named.has(name))) found.push(site);
  }
  return found.length === 1 ? found[0] : undefined;
}

function ambiguous(sites: readonly string[]): BerthError {
  const shown = sites.slice(0, SHOWN);
  const more = sites.length > SHOWN ? `, and ${sites.length - SHOWN} more` : "";
  return new BerthError("site_ambiguous", `The source holds ${sites.length} sites: ${shown.join(", ")}${more}.`, {
    hint: `Choose one: ${shown.map((folder) => `--root ${folder}`).join(" or ")}; or set root for the project.`,
  });
}
