import { BerthError } from "./errors.ts";
import { isDeploymentId, sha256 } from "./ids.ts";

/** RFC 1035 section 2.3.4: at most 63 octets in a label. */
const LABEL_MAX = 63;
/** Leaves room in a label for `<branch>--`. */
const PROJECT_NAME_MAX = 40;

const RESERVED = new Set([
  "www",
  "api",
  "app",
  "admin",
  "dashboard",
  "login",
  "sign-in",
  "static",
  "assets",
  "cdn",
  "mail",
  "smtp",
  "ftp",
  "ns1",
  "ns2",
  "localhost",
  "berth",
  "status",
  "metrics",
  "healthz",
  "docs",
  "internal",
  "autodiscover",
  "wpad",
]);

/** Lower-cases and folds any text into the letters of a DNS label; empty when nothing is left. */
function toLabel(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

/** @throws BerthError `project_name_invalid` or `project_name_reserved` */
export function assertProjectName(name: string): string {
  const hint = `Use 1 to ${PROJECT_NAME_MAX} characters of a-z, 0-9 and single hyphens, a letter or digit at both ends.`;
  if (name.length > PROJECT_NAME_MAX || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || isDeploymentId(name)) {
    throw new BerthError("project_name_invalid", `'${name}' can't be the name of a project.`, { hint });
  }
  if (RESERVED.has(name)) {
    throw new BerthError("project_name_reserved", `'${name}' is kept for the platform.`, {
      hint: "Choose another name with --project.",
    });
  }
  return name;
}

/** The name that a repository or folder suggests: its last path part, made a DNS label. */
export function projectNameFrom(urlOrPath: string): string {
  const parts = urlOrPath
    .replace(/[?#].*$/, "")
    .replace(/\/+$/, "")
    .replace(/\/\.git$/, "")
    .split(/[/:]/);
  const last = (parts.at(-1) ?? "").replace(/\.git$/, "");
  const label = toLabel(last).slice(0, PROJECT_NAME_MAX).replace(/-+$/, "") || "site";
  return RESERVED.has(label) || isDeploymentId(label) ? `${label.slice(0, PROJECT_NAME_MAX - 5)}-site` : label;
}

/** The first free of `name`, `name-2`, `name-3`, … */
export function firstFreeName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  for (let n = 2; ; n += 1) {
    const suffix = `-${n}`;
    const candidate = name.slice(0, PROJECT_NAME_MAX - suffix.length).replace(/-+$/, "") + suffix;
    if (!isTaken(candidate)) return candidate;
  }
}

/**
 * `<branch>--<project>` as one DNS label, as on Netlify: what is neither letter nor digit becomes a hyphen, so that
 * `a/b` and `a-b` share one host. A branch that does not fit, or whose letters have no Latin form, is told apart by six
 * digits of its hash.
 */
export function branchLabel(branch: string, project: string): string {
  const room = LABEL_MAX - project.length - 2;
  const label = toLabel(branch) || "branch";
  // Letters without a Latin form are dropped: without the hash all such branches would share one host.
  const isWhole = !/[^\u0000-\u036f]/.test(branch.normalize("NFKD"));
  if (label.length <= room && isWhole) return `${label}--${project}`;
  const cut = label.slice(0, room - 7).replace(/-+$/, "");
  return `${cut}-${sha256(branch).slice(0, 6)}--${project}`;
}
