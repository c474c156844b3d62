import { expect, test } from "bun:test";
import type { DeploymentId } from "../model/ids.ts";
import { hostVariables, namesOfContext } from "./host-variables.ts";

const COMMIT = "a".repeat(40);
const GIT = { kind: "git", url: "https://github.com/owner/site.git", branch: "feature/x", commit: COMMIT } as const;
const GIVEN = {
  id: "abc123" as DeploymentId,
  project: "site",
  source: GIT,
  production: false,
  address: { sitesDomain: "sites.example", port: 80 },
};

test("a preview is told its commit, its branch and its URLs by every host's name", () => {
  expect(hostVariables(GIVEN)).toMatchObject({
    BERTH: "1",
    BERTH_ENVIRONMENT: "preview",
    BERTH_GIT_COMMIT: COMMIT,
    URL: "http://site.sites.example",
    DEPLOY_URL: "http://abc123.sites.example",
    CONTEXT: "branch-deploy",
    BRANCH: "feature/x",
    COMMIT_REF: COMMIT,
    REPOSITORY_URL: GIT.url,
    VERCEL_ENV: "preview",
    VERCEL_URL: "abc123.sites.example",
    VERCEL_GIT_COMMIT_SHA: COMMIT,
    VERCEL_GIT_PROVIDER: "github",
    VERCEL_GIT_REPO_OWNER: "owner",
    VERCEL_GIT_REPO_SLUG: "site",
    CF_PAGES_BRANCH: "feature/x",
  });
});

test("a production build's prime URL is the site's", () => {
  const variables = hostVariables({ ...GIVEN, production: true });
  expect(variables).toMatchObject({ CONTEXT: "production", VERCEL_ENV: "production" });
  expect(variables.DEPLOY_PRIME_URL).toBe("http://site.sites.example");
});

test("context, branch and the deployment's own URLs tell production from a preview; commit and project do not", () => {
  const names = namesOfContext();
  for (const name of ["CONTEXT", "VERCEL_ENV", "BERTH_ENVIRONMENT", "DEPLOY_PRIME_URL", "VERCEL_URL", "BRANCH"])
    expect(names).toContain(name);
  for (const name of ["BERTH", "URL", "SITE_NAME", "COMMIT_REF", "REPOSITORY_URL"]) expect(names).not.toContain(name);
});

test("what would choose another host's adapter is never set", () => {
  for (const name of ["NETLIFY", "VERCEL", "CF_PAGES", "NOW_BUILDER"])
    expect(hostVariables(GIVEN)[name]).toBeUndefined();
});

test("a folder has no commit, and a local path is not told", () => {
  const folder = hostVariables({ ...GIVEN, source: { kind: "folder", path: "/srv/site" } });
  const local = hostVariables({ ...GIVEN, source: { ...GIT, url: "/srv/site" } });
  expect(folder.COMMIT_REF).toBeUndefined();
  expect(JSON.stringify([folder, local])).not.toContain("/srv");
  expect(local.COMMIT_REF).toBe(COMMIT);
});

test("a repository's owner is found in ssh URLs and in groups", () => {
  const owner = (url: string) => hostVariables({ ...GIVEN, source: { ...GIT, url } }).VERCEL_GIT_REPO_OWNER;
  expect(owner("git@github.com:owner/site.git")).toBe("owner");
  expect(owner("ssh://git@gitlab.com/a/b/site")).toBe("a/b");
  expect(owner("https://git.example/owner/site")).toBeUndefined();
});
