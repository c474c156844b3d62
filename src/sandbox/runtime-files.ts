import { chmod, copyFile, link, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { identify } from "./process-tree.ts";
import { type Architecture, seccompFilter } from "./seccomp.ts";

/** What of the platform is seen inside. All of it is readable by every user and holds nothing of this machine. */
export interface RuntimeFiles {
  /** Bound to `/run/berth`. */
  directory: string;
  /** Files for `/etc`, by name. */
  etc: string;
  seccomp: string;
}

/** Inside the sandbox. */
export const RUNTIME_INSIDE = "/run/berth";
/** For `--require` of a Node, whose fetch it leads to the proxy. */
export const PROXIED_FETCH = `${RUNTIME_INSIDE}/proxied-fetch.cjs`;
const INSIDE_FILES = [
  ...["forwarder.ts", "relay.ts", "probe.ts", "commands.ts", "frames.ts", "connect.ts", "proxied-fetch.cjs"],
];
export const ETC_FILES = ["passwd", "group", "hosts", "nsswitch.conf", "resolv.conf"] as const;

/**
 * Puts them where every slot's user can reach them; the platform's own folder may be closed to others.
 * @param uids further user ids that get a name
 */
export async function prepareRuntimeFiles(directory: string, uids: readonly number[]): Promise<RuntimeFiles> {
  const files = { directory: join(directory, "bin"), etc: join(directory, "etc"), seccomp: join(directory, "seccomp") };
  for (const folder of [directory, files.directory, files.etc]) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o755);
    await removeLeftDrafts(folder);
  }
  await placeRuntime(join(files.directory, "bun"));
  for (const name of INSIDE_FILES) {
    await place(join(files.directory, name), await Bun.file(join(import.meta.dir, "inside", name)).bytes());
  }
  await place(join(files.directory, "proxy-agent.cjs"), await bundledProxyAgent());
  await place(join(files.directory, "bunfig.toml"), "");
  for (const [name, text] of Object.entries(etcFiles(uids))) await place(join(files.etc, name), text);
  await place(files.seccomp, seccompFilter(process.arch as Architecture));
  return files;
}

/** With its library in it, as a build's Node finds no packages of the platform. */
async function bundledProxyAgent(): Promise<Uint8Array> {
  const entry = join(import.meta.dir, "inside/proxy-agent.ts");
  const { outputs } = await Bun.build({ entrypoints: [entry], target: "node", format: "cjs", minify: true });
  return new Uint8Array(await outputs[0]!.arrayBuffer());
}

/** The program that the platform runs on: as a link where that is possible, for it is large. */
async function placeRuntime(path: string): Promise<void> {
  const [source, present] = await Promise.all([stat(process.execPath), stat(path).catch(() => undefined)]);
  if (present?.size === source.size && present.mtimeMs >= source.mtimeMs) return;
  await withDraft(path, async (draft) => {
    await link(process.execPath, draft).catch(() => copyFile(process.execPath, draft));
    if (((await stat(draft)).mode & 0o005) !== 0o005) {
      // A link shares its mode with the original, which is left as it is.
      await rm(draft, { force: true });
      await copyFile(process.execPath, draft);
      await chmod(draft, 0o755);
    }
  });
}

async function place(path: string, content: string | Uint8Array): Promise<void> {
  await withDraft(path, async (draft) => {
    await writeFile(draft, content);
    await chmod(draft, 0o644);
  });
}

async function withDraft(path: string, make: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await rm(draft, { force: true });
  try {
    await make(draft);
    await rename(draft, path);
  } catch (error) {
    // A disk that is full stays so with it.
    await rm(draft, { force: true });
    throw error;
  }
}

/** Of a process that was killed meanwhile; the program alone is some 100 MB. */
async function removeLeftDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && identify(Number(pid)) === undefined) await rm(join(folder, name), { force: true });
  }
}

function etcFiles(uids: readonly number[]): Record<(typeof ETC_FILES)[number], string> {
  const names = [[1000, "build"] as const, ...uids.map((uid) => [uid, `build${uid}`] as const)];
  return {
    passwd: names.map(([uid, name]) => `${name}:x:${uid}:${uid}::/home:/bin/sh\n`).join(""),
    group: names.map(([uid, name]) => `${name}:x:${uid}:\n`).join(""),
    hosts: "127.0.0.1 localhost build\n::1 localhost build\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "resolv.conf": "",
  };
}
