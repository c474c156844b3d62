import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Sha256, sha256 } from "../model/ids.ts";
import type { Tree, TreeEntry } from "../model/tree.ts";
import { SCRIPT_SHELL } from "../sandbox/runtime-files.ts";
import type { SlotFolders } from "../sandbox/sandbox.ts";
import { inParallel } from "../store/concurrency.ts";
import { type BuildInputs, canonical } from "./build-key.ts";
import { namesOfCommit } from "./host-variables.ts";
import type { BuildPlan } from "./plan/plan.ts";

type CommandPlan = BuildPlan & { kind: "build" };

/**
 * What the members of a workspace that a site needs have written, so that they are not built again while nothing but the
 * site's own folder changes. The files are told by their times: written after the build began, and before the site's own
 * script did (sandbox/inside/script-shell).
 */
const [BUILD_MARK, SITE_MARK] = ["build-began", "site-began"];
export const MARKS_INSIDE = { build: `/cache/${BUILD_MARK}`, site: `/cache/${SITE_MARK}` } as const;

/** Marks that the build begins which makes the members too. @returns variables for it */
export async function markBuild({ cache }: SlotFolders, root: string): Promise<Record<string, string>> {
  // An install may have put anything in its place, and no link is followed.
  const path = join(cache, BUILD_MARK);
  await rm(path, { recursive: true, force: true });
  await writeFile(path, "", { flag: "wx" });
  return {
    npm_config_script_shell: SCRIPT_SHELL,
    pnpm_config_script_shell: SCRIPT_SHELL,
    BERTH_SITE_MARK: MARKS_INSIDE.site,
    BERTH_SITE_FOLDER: `/work/${root}`,
  };
}

/** Whether the site's script was seen to begin. */
export const hasMark = ({ cache }: SlotFolders): boolean => existsSync(join(cache, SITE_MARK));

/** As in reads-context.ts: more than this is not looked at, and counts as code that reads the site. */
const MAX_FILES = 2000;
const MAX_BYTES = 16 * 1024 ** 2;
const AT_ONCE = 32;
const TEXT = /\.([mc]?[jt]sx?|json|css|s[ac]ss|less|html?|mdx?|ya?ml|toml|vue|svelte|astro|sh|py)$|(^|\/)[^.]+$/;

export interface MemberInputs {
  tree: Tree;
  readFile(path: string): Promise<string | undefined>;
  plan: CommandPlan;
  /** Full versions by the tool's name. */
  tools: Readonly<Record<string, string>>;
  variables: BuildInputs["variables"];
  production: boolean;
}

/**
 * Names what the members wrote, by all that it depends on: every file outside of the site's folder, every package.json,
 * tools, commands, variables and the context.
 * @returns undefined where there is none to keep, and where a member may read more than that: the site, which its styles
 * may be made for, or the commit
 */
export async function membersName(inputs: MemberInputs): Promise<Sha256 | undefined> {
  const { tree, readFile, plan, tools, variables, production } = inputs;
  const { root, workspaceRoot, install, build, members, env, egress } = plan;
  if (members === null) return undefined;
  const isUsed = ({ path }: TreeEntry) => !path.startsWith(`${root}/`) || /(^|\/)package\.json$/.test(path);
  const used = tree.entries.filter(isUsed).map(({ path, mode, hash }) => [path, mode, hash]);
  const read = tree.entries.filter((entry) => isMembers(entry, members.folders));
  const bytes = read.reduce((sum, { size }) => sum + size, 0);
  if (read.length > MAX_FILES || bytes > MAX_BYTES) return undefined;
  const mentions = [mentionOf(root), OF_COMMIT];
  let isFound = false;
  await inParallel(read, AT_ONCE, async ({ path }) => {
    if (isFound) return;
    const text = (await readFile(path)) ?? "";
    isFound ||= mentions.some((mention) => mention.test(text));
  });
  if (isFound) return undefined;
  const named = { version: 1, root, workspaceRoot, install, build, members, env, egress, tools, variables, production };
  return sha256(canonical({ ...named, used }));
}

/** The commit, as git and the host tell it. */
const OF_COMMIT = new RegExp(
  [
    `(?<![A-Za-z0-9_])(${namesOfCommit().join("|")})(?![A-Za-z0-9_])`,
    /\bgit\b.{0,40}\b(log|describe|show|rev-list|rev-parse)\b|["'`](rev-parse|rev-list|describe)\b|\b(simple|isomorphic)-git\b/
      .source,
    /JSON\.stringify\(\s*process\.env\s*[,)]|\bprintenv\b|\bObject\.(entries|keys|values)\(\s*process\.env\s*\)/.source,
  ].join("|"),
);

function isMembers({ path, mode }: TreeEntry, folders: readonly string[]): boolean {
  return mode !== "120000" && TEXT.test(path) && folders.some((folder) => path.startsWith(`${folder}/`));
}

/** `../../apps/**`, `"apps"`, `apps/web`: the first part of the site's folder, as a part of a path. */
function mentionOf(root: string): RegExp {
  const [top] = root.split("/");
  const name = top!.replace(/[^\w]/g, "\\$&");
  return new RegExp(`(\\.\\./|["'\`])${name}(?![\\w.-])`);
}
