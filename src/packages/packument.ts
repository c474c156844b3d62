import { tarballPath } from "./registry-path.ts";

/** Where an archive lies and what its bytes must be. */
export interface Dist {
  tarball: string;
  /** Subresource Integrity (https://www.w3.org/TR/SRI/), one or several. */
  integrity?: string;
  /** SHA-1 in hexadecimal, of versions that are older than `integrity`. */
  shasum?: string;
}

interface Version {
  dist?: Dist;
  scripts?: Record<string, string>;
  [field: string]: unknown;
}

export interface Packument {
  name?: string;
  versions?: Record<string, Version>;
  time?: Record<string, string>;
  [field: string]: unknown;
}

/** The fields of https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md, abbreviated form. */
const ABBREVIATED = [
  ...["name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies"],
  ...["bundleDependencies", "bundledDependencies", "peerDependencies", "peerDependenciesMeta", "acceptDependencies"],
  ...["bin", "directories", "dist", "engines", "os", "cpu", "libc", "funding", "_hasShrinkwrap", "hasInstallScript"],
];

/** What an install reads of a packument, as registries give it that know the short form: most of the bytes are gone. */
export function abbreviate(full: Packument): Packument {
  const versions: Record<string, Version> = {};
  for (const [version, manifest] of Object.entries(full.versions ?? {})) {
    const short: Version = {};
    for (const field of ABBREVIATED) if (manifest[field] !== undefined) short[field] = manifest[field];
    if (hasInstallScript(manifest)) short.hasInstallScript = true;
    versions[version] = short;
  }
  const modified = full.modified ?? full.time?.modified;
  return {
    name: full.name,
    ...(modified === undefined ? {} : { modified }),
    "dist-tags": full["dist-tags"] ?? {},
    versions,
  };
}

function hasInstallScript({ scripts }: Version): boolean {
  return ["preinstall", "install", "postinstall"].some((name) => typeof scripts?.[name] === "string");
}

/** The dist of every version, as the registry wrote it. */
export function distsOf(packument: Packument): Map<string, Dist> {
  const dists = new Map<string, Dist>();
  for (const [version, { dist }] of Object.entries(packument.versions ?? {})) {
    if (typeof dist?.tarball === "string") dists.set(version, pick(dist));
  }
  return dists;
}

export function distOfVersion(manifest: { dist?: Dist }): Dist | undefined {
  return typeof manifest.dist?.tarball === "string" ? pick(manifest.dist) : undefined;
}

function pick({ tarball, integrity, shasum }: Dist): Dist {
  return { tarball, ...(integrity ? { integrity } : {}), ...(shasum ? { shasum } : {}) };
}

/** Lets every archive be asked of `base`, a URL that ends with a slash. Changes what it is given. */
export function pointTo(base: string, packument: Packument): Packument {
  for (const [version, { dist }] of Object.entries(packument.versions ?? {})) {
    if (typeof dist?.tarball === "string") dist.tarball = base + tarballPath(packument.name ?? "", version);
  }
  return packument;
}
