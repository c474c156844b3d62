import { HTML_HANDLING, NOT_FOUND_HANDLING } from "../../model/manifest.ts";
import type { ProjectSettings } from "../../model/project.ts";

export interface SettingField {
  label: string;
  /** What holds while the setting is left empty. */
  unset: string;
  choices?: readonly string[];
}

/** Every setting of a project; the type sees to it that none is forgotten. */
export const SETTING_FIELDS: Record<keyof ProjectSettings, SettingField> = {
  root: { label: "Root directory", unset: "the repository's top" },
  framework: { label: "Framework", unset: "detected" },
  install_command: { label: "Install command", unset: "detected" },
  build_command: { label: "Build command", unset: "detected" },
  output_directory: { label: "Output directory", unset: "detected" },
  node_version: { label: "Node version", unset: "detected, else 24" },
  clone_depth: { label: "Commits that builds see", unset: "1" },
  production_branch: { label: "Production branch", unset: "the repository's default" },
  egress: { label: "Network of builds", unset: "registry", choices: ["none", "registry", "public"] },
  html_handling: { label: "HTML addresses", unset: "auto-trailing-slash", choices: HTML_HANDLING },
  rules: { label: "Rules that can't be used", unset: "strict", choices: ["strict", "warn"] },
  not_found_handling: { label: "Missing pages", unset: "by the output", choices: NOT_FOUND_HANDLING },
};
