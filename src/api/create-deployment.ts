import { type DeploymentView, insertDeployment } from "../database/deployments.ts";
import { findOrCreateProject } from "../database/projects.ts";
import { BerthError } from "../model/errors.ts";
import { newDeploymentId } from "../model/ids.ts";
import { assertProjectName, projectNameFrom } from "../model/names.ts";
import { parseProjectSettings } from "../model/project.ts";
import { assertBranchName, assertCommit, parseSource, type Source } from "../model/source.ts";
import { isFork, repositoryName } from "../model/trust.ts";
import { classifyPath } from "../work/classify-path.ts";
import { pointToBuilding } from "../work/host-pointers.ts";
import { supersedeOlder } from "../work/supersede.ts";
import type { ApiParts } from "./parts.ts";

export interface NewDeployment {
  source: string;
  project?: string | undefined;
  branch?: string | undefined;
  commit?: string | undefined;
  root?: string | undefined;
  production?: boolean | undefined;
  force?: boolean | undefined;
}

/** Writes the deployment down, points its host to the waiting page and puts it in line. */
export async function createDeployment(parts: ApiParts, wish: NewDeployment): Promise<DeploymentView> {
  const source = await readSource(parts, wish);
  const repository = source.kind === "git" ? source.url : source.path;
  const name = wish.project === undefined ? projectNameFrom(repository) : assertProjectName(wish.project);
  const root = wish.root === undefined ? undefined : parseProjectSettings({ root: wish.root }).root;
  // Before anything is written: what can't be put in line would stay pending without a word.
  await parts.queue.check();
  const project = await findOrCreateProject(parts.database, {
    name,
    given: wish.project !== undefined,
    repository: repositoryName(repository),
  });
  const view = await insertDeployment(parts.database, {
    id: newDeploymentId(),
    project_id: project.id,
    status: "pending",
    source: JSON.stringify(source),
    branch: source.kind === "git" ? source.branch : null,
    production: wish.production ?? false,
    production_asked: wish.production ?? false,
    fork: isFork(project.repository, source),
    force: wish.force ?? false,
    root: root ?? null,
  });
  await pointToBuilding(parts, view);
  await supersedeOlder(parts, view);
  await parts.queue.add("upload", view.id);
  return view;
}

/** That a path exists is checked here, where a typing error costs nothing yet. */
async function readSource(parts: ApiParts, wish: NewDeployment): Promise<Source> {
  const parsed = parseSource(wish.source);
  const branch = wish.branch === undefined ? null : assertBranchName(wish.branch);
  const commit = wish.commit === undefined ? null : assertCommit(wish.commit);
  if (parsed.kind === "git") return { kind: "git", url: parsed.url, branch, commit };
  if (!parts.allowsLocalSources) {
    throw new BerthError("forbidden", "Paths of the platform's machine can't be deployed from here.", {
      hint: "Give the URL of a git repository, or set BERTH_LOCAL_SOURCES=yes where the platform runs.",
    });
  }
  const source = await classifyPath(parsed.path);
  return branch !== null || commit !== null ? { kind: "git", url: parsed.path, branch, commit } : source;
}
