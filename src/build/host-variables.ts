import type { DeploymentId } from "../model/ids.ts";
import { branchHost, deploymentHost, hostUrl, projectHost, type SiteAddress } from "../model/site-hosts.ts";
import type { Source } from "../model/source.ts";

export interface HostVariablesInput {
  id: DeploymentId;
  project: string;
  source: Source;
  production: boolean;
  address: SiteAddress;
}

/**
 * What builds ask of their host: Berth's own names, and those of Netlify, Vercel and Cloudflare Pages that site code
 * reads for the commit, the branch and the URL
 * (docs.netlify.com/build/configure-builds/environment-variables, vercel.com/docs/environment-variables/system-environment-variables,
 * developers.cloudflare.com/pages/configuration/build-configuration).
 *
 * `NETLIFY`, `VERCEL` and `CF_PAGES` themselves are not set: by them frameworks choose that host's adapter, whose
 * output is no static site. `VERCEL_ENV` has the same effect with Nitro: see `plan/build-environment.ts`. Pure.
 */
export function hostVariables(input: HostVariablesInput): Record<string, string> {
  const { id, project, source, production, address } = input;
  const url = (host: string) => hostUrl(host, address);
  const deployUrl = url(deploymentHost(id, address));
  const siteUrl = url(projectHost(project, address));
  const git = source.kind === "git" ? source : { url: null, branch: null, commit: null };
  const branchUrl = git.branch === null ? deployUrl : url(branchHost(git.branch, project, address));
  const withoutProtocol = (text: string) => text.replace(/^https?:\/\//, "");
  const given: Record<string, string | null> = {
    BERTH: "1",
    BERTH_DEPLOYMENT_ID: id,
    BERTH_PROJECT: project,
    BERTH_ENVIRONMENT: production ? "production" : "preview",
    BERTH_URL: deployUrl,
    BERTH_GIT_BRANCH: git.branch,
    BERTH_GIT_COMMIT: git.commit,

    URL: siteUrl,
    DEPLOY_URL: deployUrl,
    DEPLOY_PRIME_URL: production ? siteUrl : branchUrl,
    DEPLOY_ID: id,
    SITE_NAME: project,
    CONTEXT: production ? "production" : "branch-deploy",
    BRANCH: git.branch,
    HEAD: git.branch,
    COMMIT_REF: git.commit,
    REPOSITORY_URL: publicUrl(git.url),

    VERCEL_ENV: production ? "production" : "preview",
    VERCEL_TARGET_ENV: production ? "production" : "preview",
    VERCEL_URL: withoutProtocol(deployUrl),
    VERCEL_BRANCH_URL: withoutProtocol(branchUrl),
    VERCEL_PROJECT_PRODUCTION_URL: withoutProtocol(siteUrl),
    VERCEL_DEPLOYMENT_ID: id,
    VERCEL_GIT_COMMIT_SHA: git.commit,
    VERCEL_GIT_COMMIT_REF: git.branch,
    ...vercelRepository(git.url),

    CF_PAGES_URL: deployUrl,
    CF_PAGES_BRANCH: git.branch,
    CF_PAGES_COMMIT_SHA: git.commit,
  };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** Names of those that tell a production deployment from a preview of the same commit. */
export function namesOfContext(): string[] {
  const address = { sitesDomain: "sites.example", port: 80 };
  const source = (branch: string) => ({ kind: "git", url: "https://host.example/a/b", branch, commit: "0" }) as const;
  const given = { project: "site", address };
  const live = hostVariables({ ...given, id: "a" as DeploymentId, source: source("main"), production: true });
  const preview = hostVariables({ ...given, id: "b" as DeploymentId, source: source("change"), production: false });
  return Object.keys(live).filter((name) => live[name] !== preview[name]);
}

/** A path of the platform's machine is nothing that a published page should show. */
function publicUrl(url: string | null): string | null {
  return url === null || url.startsWith("/") ? null : url;
}

const PROVIDERS: Record<string, string> = {
  "github.com": "github",
  "gitlab.com": "gitlab",
  "bitbucket.org": "bitbucket",
};

function vercelRepository(url: string | null): Record<string, string> {
  const [, host, owner, name] =
    /^(?:\w+:\/\/|)(?:[^@/]+@)?([^/:]+)[:/](.+)\/([^/]+?)(?:\.git)?\/?$/.exec(publicUrl(url) ?? "") ?? [];
  const provider = host === undefined ? undefined : PROVIDERS[host.toLowerCase()];
  if (provider === undefined || owner === undefined || name === undefined) return {};
  return { VERCEL_GIT_PROVIDER: provider, VERCEL_GIT_REPO_OWNER: owner, VERCEL_GIT_REPO_SLUG: name };
}
