/** What a package manager asks a registry for, told from the path of its request. */
export type PackageRequest =
  /** Everything about a package. */
  | { kind: "packument"; name: string }
  /** One version, or what a tag stands for. */
  | { kind: "version"; name: string; version: string }
  | { kind: "tarball"; name: string; version: string };

const NAME = /^(?:@[A-Za-z0-9~_-][A-Za-z0-9._~-]*\/)?[A-Za-z0-9~_-][A-Za-z0-9._~-]*$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,200}$/;

/**
 * `/name`, `/name/1.2.3`, `/name/-/name-1.2.3.tgz`, each with a scope before it, whose slash may be encoded.
 * @returns undefined for anything else
 */
export function parsePackagePath(pathname: string): PackageRequest | undefined {
  const text = decode(pathname.slice(1));
  if (text === undefined || text.length > 500) return undefined;
  const parts = text.split("/");
  const name = parts.splice(0, text.startsWith("@") ? 2 : 1).join("/");
  if (!NAME.test(name) || name === "-" || name.length > 214) return undefined;
  if (parts.length === 0) return { kind: "packument", name };
  if (parts.length === 1 && VERSION.test(parts[0]!)) return { kind: "version", name, version: parts[0]! };
  if (parts[0] !== "-" || parts.length < 2) return undefined;
  // Some registries repeat the scope behind the dash.
  const version = versionOfFile(name, parts.at(-1)!);
  const between = parts.slice(1, -1).join("/");
  if (version === undefined || (between !== "" && between !== name.split("/")[0])) return undefined;
  return { kind: "tarball", name, version };
}

/** Where the version's archive lies in every registry that npm publishes to; below the registry's own path. */
export function tarballPath(name: string, version: string): string {
  return `${name}/-/${name.split("/").at(-1)}-${version}.tgz`;
}

export function packumentPath(name: string): string {
  return name.replace("/", "%2f");
}

function versionOfFile(name: string, file: string): string | undefined {
  const start = `${name.split("/").at(-1)}-`;
  if (!file.startsWith(start) || !file.endsWith(".tgz")) return undefined;
  const version = file.slice(start.length, -4);
  return VERSION.test(version) ? version : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
