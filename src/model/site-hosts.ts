import { branchLabel } from "./names.ts";

/** Where sites are reached. */
export interface SiteAddress {
  sitesDomain: string;
  /** Port as browsers see it. */
  port: number;
  /** `http` when absent. */
  scheme?: "http" | "https" | undefined;
}

export function deploymentHost(id: string, { sitesDomain }: SiteAddress): string {
  return `${id}.${sitesDomain}`;
}

export function projectHost(project: string, { sitesDomain }: SiteAddress): string {
  return `${project}.${sitesDomain}`;
}

export function branchHost(branch: string, project: string, { sitesDomain }: SiteAddress): string {
  return `${branchLabel(branch, project)}.${sitesDomain}`;
}

export function hostUrl(host: string, { port, scheme = "http" }: Omit<SiteAddress, "sitesDomain">): string {
  return port === (scheme === "https" ? 443 : 80) ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
}
