import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { openGuard } from "./guard.ts";
import { dropPrefix, findTool, limitPrefix, TOOL_ENVIRONMENT } from "./launch.ts";
import { identify, kill, processesOf } from "./process-tree.ts";
import { insideEnvironment, type ProfileInput } from "./profile.ts";
import { feed, openStdin } from "./stdin.ts";
import { type Ending, resultOf, supervise } from "./supervise.ts";

const LOOK_EVERY_MS = 2;

interface PlainRun extends Omit<ProfileInput, "mode"> {
  command: readonly string[];
  uid: number | undefined;
  disk: string;
  tasksOfOthers: number;
}

/**
 * Tier 0, only ever by the operator's word: limits and, as root, a user of its own, but no wall. What runs sees the
 * host's files and network. Paths inside are turned into the host's.
 */
export async function runPlain(run: PlainRun): Promise<Ending> {
  const { options, folders, uid } = run;
  const onHost = (path: string) => hostPath(path, run);
  const environment = insideEnvironment({ ...run, mode: "user", egressSocket: undefined });
  const env = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, name === "PATH" ? value : onHost(value)]),
  );
  env.PATH = environment.PATH!.split(":").map(onHost).join(":");
  env.HOME = folders.home;
  if (run.registries.caFile !== undefined) env.NODE_EXTRA_CA_CERTS = env.npm_config_cafile = run.registries.caFile;
  const [program, ...rest] = [
    ...limitPrefix(options.limits, { ...run, hasWeight: false }),
    ...(uid === undefined ? [] : dropPrefix(uid)),
    ...["env", "-C", onHost(options.cwd), "--", ...run.command],
  ];
  const stdin = openStdin(options);
  const child = spawn(program!, rest, { env, cwd: "/", stdio: [stdin, "pipe", "pipe"], detached: true });
  if (stdin !== "pipe") closeSync(stdin);
  feed(child, options);
  const first = Promise.resolve(child.pid === undefined ? undefined : identify(child.pid));
  const others = new Promise<void>((resolve) => child.once("exit", () => resolve())).then(() =>
    endOthers(child.pid, uid),
  );
  // Heard of below: what they hold open keeps the run from its end until then.
  others.catch(() => undefined);
  const guard = openGuard({ limits: options.limits, cgroup: undefined, disk: run.disk, isVolume: false });
  const ended = await supervise(child, { options, first, guard });
  await others;
  return resultOf(ended, ended.status);
}

/** What left the process group of a platform that is not root can't be found: one more reason for the wall. */
async function endOthers(group: number | undefined, uid: number | undefined): Promise<void> {
  if (group !== undefined) {
    try {
      process.kill(-group, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  if (uid !== undefined) await endUser(uid);
}

/** Looks until none is left: what starts a new process and ends may be missed by any one look. */
async function endUser(uid: number): Promise<void> {
  for (let left = processesOf(uid); left.length > 0; left = processesOf(uid)) {
    await killAllOf(uid);
    for (const id of left) kill(id);
    await Bun.sleep(LOOK_EVERY_MS);
  }
}

/** As that user, all that it may signal (kill(2), pid -1): in one step of the kernel, which none can fork away from. */
async function killAllOf(uid: number): Promise<void> {
  if (findTool("kill") === null) return;
  const command = [...dropPrefix(uid), "kill", "-KILL", "--", "-1"];
  await Bun.spawn(command, { env: TOOL_ENVIRONMENT, cwd: "/", stdin: "ignore", stdout: "ignore", stderr: "ignore" })
    .exited;
}

function hostPath(path: string, { options, folders }: PlainRun): string {
  const pairs = [
    ...options.readOnly.map(({ host, inside }) => [inside, host] as const),
    ...Object.entries(folders).map(([name, host]) => [`/${name}`, host as string] as const),
  ];
  for (const [inside, host] of pairs) {
    if (path === inside || path.startsWith(`${inside}/`)) return host + path.slice(inside.length);
  }
  return path;
}
