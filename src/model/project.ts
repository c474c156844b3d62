import { z } from "zod";
import { BerthError } from "./errors.ts";
import { HTML_HANDLING, NOT_FOUND_HANDLING } from "./manifest.ts";
import { reasonOf } from "./setting-forms.ts";
import { isBranchName } from "./source.ts";

/** A command, a path and a name hold none, and the database keeps neither. */
const isText = (text: string) => !text.includes("\0") && text.isWellFormed();
const NO_TEXT = "must hold no NUL and be Unicode text";

const command = z.string().trim().min(1).max(2000).refine(isText, NO_TEXT);
/** A relative path that stays below its start. */
const folder = z
  .string()
  .trim()
  .max(500)
  .refine(isText, NO_TEXT)
  .transform((path) => path.replace(/^\.\//, "").replace(/\/+$/, "") || ".")
  .refine((path) => !path.startsWith("/") && !path.split("/").includes(".."), "must stay inside the repository");

/** Every key that `berth projects set` knows. A key that is absent is left to the repository's files and detection. */
export const projectSettingsSchema = z
  .object({
    root: folder.meta({ description: "Folder of the site within the repository." }),
    install_command: command.meta({ description: "Replaces the package manager's install." }),
    build_command: command.meta({ description: "Replaces the detected build command." }),
    output_directory: folder.meta({ description: "Folder that is published, seen from the root." }),
    node_version: z
      .string()
      .regex(/^\d{1,2}(\.\d+){0,2}(\.x)?$/, "must be a version such as 24 or 22.11.0")
      .meta({ description: "Node of the build." }),
    framework: z
      .string()
      .max(60)
      .refine(isText, NO_TEXT)
      .meta({ description: "Id of a framework, or 'static' for none." }),
    egress: z.enum(["none", "registry", "public"]).meta({ description: "What a build may reach on the network." }),
    html_handling: z.enum(HTML_HANDLING).meta({ description: "How HTML files get their URLs." }),
    not_found_handling: z.enum(NOT_FOUND_HANDLING).meta({ description: "What answers a path without a file." }),
    rules: z.enum(["strict", "warn"]).meta({
      description:
        "A rule that can't be used fails the deployment (`strict`, the default) or is left out with a warning (`warn`).",
    }),
    clone_depth: z
      .string()
      .regex(/^(full|[1-9]\d{0,5})$/, "must be a number of commits or 'full'")
      .meta({ description: "Commits of history that a build's git sees, or 'full'; 1 by default." }),
    production_branch: z
      .string()
      .min(1)
      .max(200)
      .refine(isText, NO_TEXT)
      .refine(isBranchName, "must be the name of a branch as 'git branch' prints it")
      .meta({ description: "Branch whose deployments go to production." }),
  })
  .partial()
  .strict();

export type ProjectSettings = z.infer<typeof projectSettingsSchema>;

export interface Project {
  name: string;
  /** The URL or path that its first deployment came from. */
  repository: string | null;
  settings: ProjectSettings;
  productionBranch: string | null;
  /** Id and URL of what production shows, if anything. */
  production: { deployment: string; url: string } | null;
  url: string;
  createdAt: string;
  updatedAt: string;
}

/** @throws BerthError `project_setting_invalid` naming the key and the reason */
export function parseProjectSettings(input: unknown): ProjectSettings {
  const result = projectSettingsSchema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = issue.code === "unrecognized_keys" ? issue.keys.join(", ") : issue.path.join(".");
  const reason = issue.code === "unrecognized_keys" ? "is not a setting" : reasonOf(issue);
  throw new BerthError("project_setting_invalid", `'${key}' ${reason}.`, {
    hint: `The settings are: ${Object.keys(projectSettingsSchema.shape).join(", ")}.`,
  });
}
