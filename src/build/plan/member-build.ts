import { posix } from "node:path";
import { inSandboxShell, runProgram } from "./commands.ts";
import { nxName } from "./nx.ts";
import type { ManagerChoice } from "./package-manager.ts";
import type { Planning } from "./plan.ts";
import { dependsOn } from "./site.ts";
import type { PackageJson, SourceFiles } from "./source-files.ts";
import { workspaceMembers } from "./workspace.ts";

interface Member {
  folder: string;
  packageJson: PackageJson;
}

/** Names and folders that may stand in a line for a shell as they are. */
const PLAIN_NAME = /^(@[\w.-]+\/)?[\w.-]+$/;
const PLAIN_FOLDER = /^[\w@./-]+$/;

/** A script that sees to other members by itself. */
const SEES_TO_OTHERS =
  /\b(turbo|nx|lerna|wireit|moon)\b|--filter\b|--workspaces?\b|\byarn workspaces?\b|\bpnpm (-r|-w|-F|--recursive)\b/;

/**
 * The build of a workspace's member that uses other members: those are built first, by Turborepo's or Nx's own plan
 * where the repository has one, by pnpm's, else each by its script, in their order. undefined when none needs it.
 */
export async function memberBuild(
  { files, root, packageJson }: Planning,
  { script, manager }: { script: string; manager: ManagerChoice },
): Promise<string[] | undefined> {
  const { workspaceRoot } = manager;
  const { name } = manager.manager;
  const own = packageJson?.name;
  if (workspaceRoot === root || own === undefined || !PLAIN_NAME.test(own) || !PLAIN_NAME.test(script))
    return undefined;
  if (SEES_TO_OTHERS.test(packageJson?.scripts?.[script] ?? "")) return undefined;
  const site: Member = { folder: root, packageJson: packageJson! };
  const needed = neededBuilds(site, await readMembers(files, workspaceRoot));
  if (needed.length === 0) return undefined;
  const top = (await files.packageJson(workspaceRoot).catch(() => undefined)) ?? {};
  if (dependsOn(top, "turbo") && top.packageManager !== undefined) {
    const tasks = (await files.text(workspaceRoot, "turbo.json")) ?? "";
    if (tasks.includes(`"${script}"`)) return runProgram(name, ["turbo", "run", script, `--filter=${own}...`]);
  }
  if (dependsOn(top, "nx") && (await nxSeesToOthers(files, workspaceRoot))) {
    return runProgram(name, ["nx", "run", `${await nxName(files, site.folder)}:${script}`]);
  }
  if (name === "pnpm" && script === "build") return ["pnpm", "--filter", `${own}...`, "run", script];
  const steps = needed.map(({ folder }) => `(cd ${posix.relative(root, folder)} && ${name} run build)`);
  return inSandboxShell([...steps, `${name} run ${script}`].join(" && "));
}

async function readMembers(files: SourceFiles, top: string): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  for (const folder of await workspaceMembers(files, top)) {
    const packageJson = await files.packageJson(folder).catch(() => undefined);
    if (packageJson?.name !== undefined) members.set(packageJson.name, { folder, packageJson });
  }
  return members;
}

/** Members with a script `build` that the site uses, directly or through others; each behind those that it uses. */
function neededBuilds(site: Member, members: ReadonlyMap<string, Member>): Member[] {
  const seen = new Set([site.folder]);
  const ordered: Member[] = [];
  const visit = ({ packageJson }: Member): void => {
    for (const name of Object.keys({ ...packageJson.devDependencies, ...packageJson.dependencies })) {
      const member = members.get(name);
      if (member === undefined || seen.has(member.folder)) continue;
      seen.add(member.folder);
      visit(member);
      const hasBuild = member.packageJson.scripts?.build !== undefined;
      if (hasBuild && PLAIN_FOLDER.test(member.folder)) ordered.push(member);
    }
  };
  visit(site);
  return ordered;
}

/** `dependsOn: ["^build"]` in nx.json: https://nx.dev/docs/features/run-tasks */
async function nxSeesToOthers(files: SourceFiles, top: string): Promise<boolean> {
  return /"dependsOn"\s*:\s*\[[^\][]*"\^/.test((await files.text(top, "nx.json")) ?? "");
}
