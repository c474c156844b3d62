import { projectNameFrom } from "../model/names.ts";
import type { Client } from "./client.ts";
import { usageError } from "./failure.ts";

/**
 * The project that is meant: the one that was named, else the only one, else the one that the repository in `folder`
 * was deployed as.
 * @throws BerthError `usage` when it can't be told
 */
export async function chooseProject(
  client: Pick<Client, "projects">,
  { named, folder }: { named: string | undefined; folder: string },
): Promise<string> {
  if (named !== undefined) return named;
  const projects = await client.projects();
  if (projects.length === 1) return projects[0]!.name;
  const places = await repositoryPlaces(folder);
  const byRepository = projects.filter(({ repository }) => repository !== null && places.includes(repository));
  if (byRepository.length === 1) return byRepository[0]!.name;
  const names = places.map(projectNameFrom);
  const byName = projects.find(({ name }) => names.includes(name));
  if (byRepository.length === 0 && byName !== undefined) return byName.name;
  const known = projects.map(({ name }) => name).join(", ");
  throw usageError(
    "It is not clear which project is meant.",
    projects.length === 0
      ? "There is no project yet: make one with 'berth deploy'."
      : `Name one with --project: ${known}.`,
  );
}

/** What a deployment from here would have named as its source: the remote's URL, the repository's folder, the folder. */
async function repositoryPlaces(folder: string): Promise<string[]> {
  const [remote, top] = await Promise.all([
    git(folder, ["config", "--get", "remote.origin.url"]),
    git(folder, ["rev-parse", "--show-toplevel"]),
  ]);
  return [remote, top, folder].filter((place) => place !== undefined);
}

async function git(folder: string, args: string[]): Promise<string | undefined> {
  const program = Bun.which("git");
  if (program === null) return undefined;
  const child = Bun.spawn([program, "-C", folder, ...args], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  const [text, exit] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  return exit === 0 && text.trim() !== "" ? text.trim() : undefined;
}
