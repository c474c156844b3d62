import type { ManagerChoice, ManagerName } from "./package-manager.ts";

/** A lockfile is kept to, to the letter: a build must not install what was never tried. */
export function installCommand({ manager, lockfile, isUnderForeignWorkspace }: ManagerChoice): string[] {
  const { name, version } = manager;
  switch (name) {
    case "npm":
      return lockfile ? ["npm", "ci"] : ["npm", "install"];
    case "pnpm": {
      const frozen = lockfile ? "--frozen-lockfile" : "--no-frozen-lockfile";
      return ["pnpm", "install", frozen, ...(isUnderForeignWorkspace ? ["--ignore-workspace"] : [])];
    }
    case "yarn":
      if (isYarnOne(version)) return lockfile ? ["yarn", "install", "--frozen-lockfile"] : ["yarn", "install"];
      return ["yarn", "install", lockfile ? "--immutable" : "--no-immutable"];
    case "bun":
      return lockfile ? ["bun", "install", "--frozen-lockfile"] : ["bun", "install"];
  }
}

/** What its manager installs where a lockfile does not fit package.json: it keeps to it as far as that goes. */
export function looseInstallCommand(choice: ManagerChoice): string[] {
  return installCommand({ ...choice, lockfile: undefined });
}

export function runScript(name: ManagerName, script: string): string[] {
  return [name, "run", script];
}

/** A program of an installed package; through the package manager, for Plug'n'Play has no `node_modules/.bin`. */
export function runProgram(name: ManagerName, command: readonly string[]): string[] {
  switch (name) {
    case "npm":
      return ["npx", "--no-install", ...command];
    case "pnpm":
      return ["pnpm", "exec", ...command];
    case "yarn":
    case "bun":
      return [name, "run", ...command];
  }
}

/**
 * A command that people wrote as a line of text. This is the one shell that there is: it runs inside the wall, where
 * the repository's own code runs anyway.
 */
export function inSandboxShell(line: string): string[] {
  return ["/bin/sh", "-c", line];
}

export function isLine(command: readonly string[]): boolean {
  return command[0] === "/bin/sh" && command[1] === "-c";
}

/** The command as people would type it. */
export function commandLine(command: readonly string[]): string {
  return isLine(command) ? command[2]! : command.join(" ");
}

/** Versions come as `1`, `1.22.19` or the normal form of a range, `>=1.0.0 <2.0.0-0`. */
export function isYarnOne(version: string | null): boolean {
  return version === null || /^[^\d]*1(\.|$)/.test(version);
}
