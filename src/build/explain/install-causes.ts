import { type Cause, type Explain, type FailedCommand, name, told } from "./cause.ts";

const LOCKFILE: Record<string, [file: string, command: string]> = {
  npm: ["package-lock.json", "npm install"],
  pnpm: ["pnpm-lock.yaml", "pnpm install"],
  yarn: ["yarn.lock", "yarn install"],
  bun: ["bun.lock", "bun install"],
};

function staleLockfile(manager: string, details: readonly string[] = []): Cause {
  const [file, command] = LOCKFILE[manager]!;
  const named = details.length === 0 ? "" : ` (${details.slice(0, 4).join("; ")})`;
  return {
    what: `the lockfile ${file} does not fit package.json${named}`,
    next: `Run '${command}' in the repository and commit ${file}; or set install_command to '${command}'.`,
    isStaleLockfile: true,
  };
}

const PRIVATE = "A private package needs its registry in the repository's .npmrc, and a token for it.";

function missingPackage(wanted: string): Cause {
  return {
    what: `the package '${wanted}' is not in the registry`,
    next: `Check its name. ${PRIVATE}`,
  };
}

/** Of a version that a lockfile names, or the registry's own metadata. */
function missingArchive(wanted: string): Cause {
  return {
    ...missingPackage(wanted),
    next: `That version may have been withdrawn: take another, and commit the lockfile. ${PRIVATE}`,
  };
}

function missingVersion(wanted: string, { command }: FailedCommand): Cause {
  const keepsToLockfile = /\bci\b|--frozen-lockfile|--immutable/.test(command);
  return {
    what: `the registry has no version of '${wanted}' that fits`,
    next: keepsToLockfile
      ? "Correct the version in package.json, update the lockfile and commit both."
      : "Correct the version in package.json; where it is a dependency that asks for it, take another version of that one.",
  };
}

function noAccess(where: string): Cause {
  return {
    what: `the registry refused the package at ${where}`,
    next: "The package is private, or its token is wrong: name the registry in .npmrc, and declare the token as a variable for the install.",
  };
}

const peerConflict: Explain = ({ text }) => {
  if (!/\bERESOLVE\b/.test(text)) return undefined;
  // Peers that are content stand before it, under what was found.
  const failing = text.slice(Math.max(text.indexOf("Could not resolve dependency"), 0));
  const peer = /\bpeer(?:Optional)? ([\w@./-]+)@("[^"]*"|\S+) from ([\w@./-]+@[\w.+-]+)/.exec(failing);
  const found = /Found: ([\w@./-]+@[\w.+-]+)/.exec(text)?.[1];
  const pair =
    peer === null
      ? "two packages"
      : `${name(peer[3])} wants ${name(peer[1])}@${name(peer[2])}, and ${name(found) || "another version"} is there`;
  return {
    what: `peer dependencies are in conflict: ${pair}`,
    next: "Move one of the two to a version that fits; or put 'legacy-peer-deps=true' into the repository's .npmrc, which installs them as they are.",
  };
};

/** The package whose script was running: npm's `path`, Yarn 1's and pnpm's own words, node-gyp's `cwd`. */
function nativePackage(text: string): string {
  const folder =
    /(?:npm (?:error|ERR!) path|gyp (?:ERR!|error) cwd|^error) \S*node_modules\/((?:@[\w.-]+\/)?[\w.-]+)/m.exec(
      text,
    )?.[1] ??
    /node_modules\/((?:@[\w.-]+\/)?[\w.-]+)(?::| (?:pre|post)?install)/.exec(text)?.[1] ??
    /([\w@./-]+)@npm:\S+ couldn't be built/.exec(text)?.[1];
  return name(folder) || "a package";
}

const PEER_HINT =
  "Move it to a version that ships built files for Linux, or to a package without native code; the builder's machine may also be given python3, make and g++.";

/** What package managers say when an install fails; the first that knows the log explains it. */
export const INSTALL_CAUSES: readonly Explain[] = [
  told(/can only install (?:packages )?with an existing package-lock\.json/, () => ({
    what: "'npm ci' needs a package-lock.json, and there is none that it can read",
    next: "Run 'npm install' and commit package-lock.json; or set install_command to 'npm install'.",
    isStaleLockfile: true,
  })),
  // Of a long list only the end may be there.
  told(
    /can only install packages when your package\.json and|code EUSAGE|^npm (?:error|ERR!) Missing: \S+ from lock file$/m,
    (_, { text }) =>
      staleLockfile(
        "npm",
        [...text.matchAll(/(?:Missing|Invalid): ([^\n]+?)(?: from lock file|$)/gm)].map((match) => name(match[0])),
      ),
  ),
  told(/ERR_PNPM_(OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH|FROZEN_LOCKFILE_WITH_OUTDATED_LOCKFILE)/, () =>
    staleLockfile("pnpm"),
  ),
  told(/ERR_PNPM_LOCKFILE_BREAKING_CHANGE|ERR_PNPM_BROKEN_LOCKFILE/, () => ({
    what: "pnpm-lock.yaml has a format that this pnpm does not read",
    next: "Name the pnpm that wrote it in package.json's 'packageManager', or write the lockfile anew with 'pnpm install'.",
  })),
  told(/ERR_PNPM_NO_LOCKFILE/, () => ({
    what: "pnpm was told to keep to a lockfile, and there is none",
    next: "Run 'pnpm install' and commit pnpm-lock.yaml.",
  })),
  told(/ERR_PNPM_(?:NO_MATURE_MATCHING_VERSION|\w*MINIMUM_RELEASE_AGE\w*)/, () => ({
    what: "the lockfile holds a version that is younger than 'minimumReleaseAge' allows",
    next: "Wait until it is old enough, or name the package in 'minimumReleaseAgeExclude'.",
  })),
  told(/YN0028|The lockfile would have been (?:modified|created) by this install/, () => staleLockfile("yarn")),
  told(/Your lockfile needs to be updated/, () => staleLockfile("yarn")),
  told(/lockfile had changes, but lockfile is frozen/, () => staleLockfile("bun")),
  peerConflict,
  told(/ERR_PNPM_PEER_DEP_ISSUES/, () => ({
    what: "peer dependencies are in conflict",
    next: "Move the packages that the log names to versions that fit, or set 'strict-peer-dependencies=false' in .npmrc.",
  })),
  told(
    /(?:Unsupported URL Type |ERR_PNPM_(?:WORKSPACE_PKG_NOT_FOUND|CATALOG_ENTRY_NOT_FOUND)[^\n]*?|that matches )["@]?(catalog|workspace):/,
    (match, { manager }) => ({
      what: `package.json names packages by '${match[1]}:', and there is no workspace here in which ${manager} finds them`,
      next: `The folder was taken out of a workspace: deploy the repository that holds the workspace's top, with root set to the site's folder, and commit its lockfile; or write versions in the place of '${match[1]}:'.`,
    }),
  ),
  // The archive of a version that the registry has no longer, or not yet.
  told(
    /(?:ERR_PNPM_FETCH_404\S*\s+GET|error: GET|E404[^\n]* GET|\b404[^\n]*?) \S+?\/((?:@[\w.-]+\/)?[\w.-]+)\/-\/[\w.-]+?-(\d[\w.+-]*)\.tgz/,
    (match) => missingArchive(`${name(match[1])}@${name(match[2])}`),
  ),
  told(/error Error: \S+?\/((?:@[\w.-]+\/)?[\w.-]+)\/-\/[\w.-]+?-(\d[\w.+-]*)\.tgz: Request failed "404/, (match) =>
    missingArchive(`${name(match[1])}@${name(match[2])}`),
  ),
  told(
    /404\s+(?:The requested resource )?'((?:@[\w.-]+\/)?[\w.-]+@?[^']*)' (?:is not in|could not be found)/,
    (match) => missingPackage(name(match[1])),
  ),
  told(/ERR_PNPM_FETCH_404\S*\s+GET \S+\/((?:@[\w.-]+(?:\/|%2[fF]))?[\w.-]+): Not Found/, (match) =>
    missingPackage(name(match[1]!.replace(/%2f/i, "/"))),
  ),
  told(/Couldn't find package "([^"]+)"/, (match) => missingPackage(name(match[1]))),
  told(/YN0035: .*?((?:@[\w.-]+\/)?[\w.-]+)@npm:[^\n]*Package not found/, (match) => missingPackage(name(match[1]))),
  told(/error: GET \S+\/((?:@[\w.-]+(?:\/|%2[fF]))?[\w.-]+) - 404/, (match) =>
    missingPackage(name(match[1]!.replace(/%2f/i, "/"))),
  ),
  told(/^(?!npm warn)[^\n]*No matching version found for ([^\n]+?)(?: while fetching[^\n]*|\.)?$/im, (match, failed) =>
    missingVersion(name(match[1]), failed),
  ),
  told(/YN0082: [^\n]*?((?:@[\w.-]+\/)?[\w.-]+)@npm:([^\n]+?): No candidates found/, (match, failed) =>
    missingVersion(`${name(match[1])}@${name(match[2])}`, failed),
  ),
  told(/No version matching "([^"]+)" found for specifier "([^"]+)"/, (match, failed) =>
    missingVersion(`${name(match[2])}@${name(match[1])}`, failed),
  ),
  told(/Couldn't find any versions for "([^"]+)" that matches "([^"]+)"/, (match, failed) =>
    missingVersion(`${name(match[1])}@${name(match[2])}`, failed),
  ),
  told(/(?:code E40[13]|ERR_PNPM_FETCH_40[13]|YN0041)[\s\S]{0,600}?(?:https?:\/\/([\w.-]+))/, (match) =>
    noAccess(name(match[1])),
  ),
  told(/EINTEGRITY|YN0018|ERR_PNPM_TARBALL_INTEGRITY|Integrity check failed/, () => ({
    what: "a package is not the one that the lockfile names (its checksum differs)",
    next: "Write the lockfile anew and commit it; if it happens again, the registry gives out other files.",
  })),
  told(/gyp[^\n]*(?:not found: python2|Can't find Python executable "python2?")/, (_, { text }) => {
    const module = nativePackage(text);
    return {
      what: `'${module}' is a native module that an old node-gyp compiles, and it needs Python 2`,
      next: `Move it to a version that ships built files for Linux${module === "node-sass" ? ", or put 'sass' in its place" : ""}.`,
    };
  }),
  told(
    /gyp (?:ERR!|error)[^\n]*(?:not found: make|find Python|no such file or directory|not ok)|node-gyp[^\n]*not found|(?:make|g\+\+|cc|gcc|python3?): (?:command )?not found/,
    (_, { text }) => ({
      what: `'${nativePackage(text)}' is a native module that must be compiled, and there is no compiler that it can use`,
      next: PEER_HINT,
    }),
  ),
  told(/EBADPLATFORM|Unsupported platform for ([\w@./-]+)/, (match) => ({
    what: `the package '${name(match[1]) || "of another system"}' does not run on Linux of this machine`,
    next: "Make it an optional dependency, or take it out of package.json.",
  })),
];
