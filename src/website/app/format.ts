import type { Deployment } from "../../model/deployment.ts";

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length);
  const value = bytes / 1000 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power - 1]}`;
}

export function formatMs(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function formatAge(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 10) return "just now";
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (seconds < 60) return words.format(-seconds, "second");
  if (seconds < 3600) return words.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86_400) return words.format(-Math.floor(seconds / 3600), "hour");
  return words.format(-Math.floor(seconds / 86_400), "day");
}

/** `github.com/owner/name`, or a path as it is. */
export function shortSource(source: string): string {
  return source.replace(/^(https?|ssh):\/\/(git@)?/, "").replace(/\.git$/, "");
}

export function sourceText({ source }: Deployment): string {
  return source.kind === "git" ? shortSource(source.url) : source.path;
}

/** Branch and short commit; a folder has neither. */
export function versionText({ source }: Deployment): string {
  if (source.kind === "folder") return "folder";
  return [source.branch, source.commit?.slice(0, 7)].filter(Boolean).join(" · ") || "default branch";
}

/** Whether the project's own host shows it. The deployment says so itself by its aliases. */
export function hostOf(url: string): string {
  return new URL(url).host;
}
