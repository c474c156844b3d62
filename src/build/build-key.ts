import { type Sha256, sha256 } from "../model/ids.ts";
import type { ProjectSettings } from "../model/project.ts";
import type { BuildPlan } from "./plan/plan.ts";

/** Raised by whoever changes how builds are run so that the same source may give another output. */
const BUILDER_VERSION = 3;

/** Settings that change how an output is served and nothing in it. One that is not named here counts. */
const SERVING_SETTINGS: ReadonlySet<string> = new Set<keyof ProjectSettings>([
  "html_handling",
  "not_found_handling",
  "production_branch",
  "rules",
]);

/** All that a build's output may depend on, as far as the platform decides it. */
export interface BuildInputs {
  /** Name of the source's tree. */
  tree: Sha256;
  settings: ProjectSettings;
  plan: BuildPlan & { kind: "build" };
  /** Full versions by the tool's name. */
  tools: Readonly<Record<string, string>>;
  /** What the project declares for each step, by the fingerprints of the values: the key gives nothing of them away. */
  variables: { install: Readonly<Record<string, string>>; build: Readonly<Record<string, string>> };
  /** Secrets of every context, by their fingerprints: an output is published only after it was searched for these. */
  secrets: readonly { name: string; value: string }[];
  /** Of a repository that is not the project's own: its outputs are for nobody else. */
  fork: boolean;
  /** Where the build may ask for it (reads-context.ts), which context it is built for; null where it does not. */
  context: "production" | "preview" | null;
}

/**
 * The name of what a build would give: two builds with the same key may stand for each other. Commit, branch, URL and
 * time of a deployment are left out, since a preview that is merged has others and should not be built again, unless its code
 * asks which of the two it is.
 */
export function buildKey({ tree, settings, plan, tools, variables, secrets, fork, context }: BuildInputs): Sha256 {
  const { root, workspaceRoot, install, build, outputCandidates, framework, env, egress } = plan;
  const built = Object.entries(settings).filter(([name]) => !SERVING_SETTINGS.has(name));
  return sha256(
    canonical({
      builder: BUILDER_VERSION,
      tree,
      settings: Object.fromEntries(built),
      plan: { root, workspaceRoot, install, build, outputCandidates, framework, env, egress },
      tools,
      variables,
      secrets,
      fork,
      context,
    }),
  );
}

/** JSON with the names of every object in order, so that one value has one text. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
