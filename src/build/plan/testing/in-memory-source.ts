import { type Sha256, sha256 } from "../../../model/ids.ts";
import type { ProjectSettings } from "../../../model/project.ts";
import type { TreeEntry } from "../../../model/tree.ts";
import { type BuildPlan, type PlanInput, planBuild } from "../plan.ts";

/** Files by path; an object is written as JSON, a text beginning with `-> ` is a link. */
export type Sources = Record<string, string | object>;

export function sourceOf(sources: Sources) {
  const texts = new Map(
    Object.entries(sources).map(([path, content]) => [
      path,
      typeof content === "string" ? content : JSON.stringify(content),
    ]),
  );
  const entries: TreeEntry[] = [...texts].map(([path, text]) => ({
    path,
    mode: text.startsWith("-> ") ? "120000" : "100644",
    hash: sha256(text) as Sha256,
    size: Buffer.byteLength(text),
  }));
  return { tree: { entries }, readFile: async (path: string) => texts.get(path) };
}

export async function plan(
  sources: Sources,
  settings: ProjectSettings = {},
  context: Pick<PlanInput, "production" | "branch"> = { production: true, branch: "main" },
): Promise<BuildPlan> {
  return await planBuild({ ...sourceOf(sources), settings, ...context });
}

export async function buildPlan(
  sources: Sources,
  settings: ProjectSettings = {},
  context?: Pick<PlanInput, "production" | "branch">,
): Promise<BuildPlan & { kind: "build" }> {
  const result = await plan(sources, settings, context);
  if (result.kind !== "build") throw new Error(`a build was expected, and is ${JSON.stringify(result)}`);
  return result;
}
