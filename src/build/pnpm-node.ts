import { writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { NODE_OF_PNPM } from "./plan/node-version.ts";
import type { BuildPlan } from "./plan/plan.ts";

/**
 * Takes the lines out of a work folder that no build has touched yet by which pnpm would fetch the Node that the plan
 * has taken from them, from nodejs.org, and with no setting to keep it from that: the build runs on it already.
 */
export async function leaveNodeToPlatform(
  work: string,
  { root, workspaceRoot }: Pick<BuildPlan & { kind: "build" }, "root" | "workspaceRoot">,
  readFile: (path: string) => Promise<string | undefined>,
): Promise<void> {
  for (const folder of new Set([root, workspaceRoot])) {
    for (const [name, lines] of Object.entries(NODE_OF_PNPM)) {
      const path = posix.join(folder, name);
      const text = await readFile(path);
      const rest = text?.replace(lines, "");
      if (rest !== undefined && rest !== text) await writeFile(join(work, path), rest);
    }
  }
}
