import { branchLabel } from "./names.ts";

/** Where sites are reached. */
export interface SiteAddress {
  sitesDomain: string;
  /** Port as browsers see it. */
  port: number;
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

export function hostUrl(host: string, { port }: Pick<SiteAddress, "port">): string {
  return port === 80 ? `http://${host}` : `http://${host}:${port}`;
}
