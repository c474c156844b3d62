import type { PackageJson, SourceFiles } from "./source-files.ts";

/** What the rules look at: the source, the site's folder in it, and what its build runs. */
export interface Site {
  files: SourceFiles;
  root: string;
  packageJson: PackageJson;
  /** Text of the build command and of the scripts that it runs; empty when there is none. */
  commandText: string;
}

/** Major version that package.json asks for; undefined when the package is not there or the range says nothing. */
export function majorOf({ dependencies, devDependencies }: PackageJson, name: string): number | undefined {
  const range = dependencies?.[name] ?? devDependencies?.[name];
  const digits = /^\D{0,12}(\d{1,4})(?:\.|$|\D)/.exec(range ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function dependsOn({ dependencies, devDependencies }: PackageJson, name: string): boolean {
  return Object.hasOwn(dependencies ?? {}, name) || Object.hasOwn(devDependencies ?? {}, name);
}
