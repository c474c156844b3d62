import type { DeploymentView } from "../database/deployments.ts";
import { lastPromoted } from "../database/deployments.ts";
import type { Database } from "../database/postgres.ts";
import type { ProjectRow } from "../database/schema.ts";
import { type Deployment, NO_TIMINGS, stepMs } from "../model/deployment.ts";
import type { Project } from "../model/project.ts";
import { branchHost, deploymentHost, hostUrl, projectHost, type SiteAddress } from "../model/site-hosts.ts";
import { trustOf } from "../model/trust.ts";

export function deploymentJson(view: DeploymentView, address: SiteAddress): Deployment {
  const aliases: string[] = [];
  if (view.in_production) aliases.push(hostUrl(projectHost(view.project_name, address), address));
  if (view.heads_branch) aliases.push(hostUrl(branchHost(view.branch!, view.project_name, address), address));
  return {
    id: view.id,
    project: view.project_name,
    status: view.status,
    url: hostUrl(deploymentHost(view.id, address), address),
    aliases,
    source: view.source,
    framework: view.framework,
    packageManager: view.package_manager,
    node: view.node,
    files: view.files,
    bytes: Number(view.bytes),
    newBytes: Number(view.new_bytes),
    reused: view.reused,
    timings: { ...NO_TIMINGS, ...view.timings, totalMs: totalMs(view) },
    error: view.error,
    production: view.production,
    trust: trustOf(view),
    createdAt: view.created_at.toISOString(),
    finishedAt: view.finished_at?.toISOString() ?? null,
    resolved: view.resolved,
    warnings: view.warnings,
    contacted: view.contacted,
  };
}

/** However it ended. */
function totalMs({ created_at, finished_at }: DeploymentView): number {
  return finished_at === null ? 0 : stepMs(finished_at.getTime() - created_at.getTime());
}

export async function projectJson(database: Database, row: ProjectRow, address: SiteAddress): Promise<Project> {
  const [production] = await lastPromoted(database, row.id, 1);
  return {
    name: row.name,
    repository: row.repository,
    settings: row.settings,
    productionBranch: row.settings.production_branch ?? row.production_branch,
    production: production
      ? { deployment: production.id, url: hostUrl(deploymentHost(production.id, address), address) }
      : null,
    url: hostUrl(projectHost(row.name, address), address),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
