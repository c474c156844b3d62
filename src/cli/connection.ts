import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { environment } from "../environment.ts";
import { BerthError } from "../model/errors.ts";

type Environment = Pick<typeof environment, "dataDirectory" | "home" | "xdgDataHome" | "xdgConfigHome" | "isRoot">;

export interface Connection {
  /** Base of the platform, without a slash at its end. */
  url: string;
  token: string;
}

/** Of a platform on this machine: `website` is the address that it gives to people. */
type KnownConnection = Connection & { website?: string | undefined };

export interface ConnectionFlags {
  api?: string;
  token?: string;
  data?: string;
}

/**
 * Finds the API and its token: flags, then the data directory's `api.json` of a platform on this machine, then what
 * `berth login` kept. A token is used with the address that it was stored for, never with another one.
 * @throws BerthError `api_unreachable` when no address is known, `unauthorized` when no token is, `usage`
 */
export async function findConnection(flags: ConnectionFlags, environment: Environment): Promise<Connection> {
  const local = await readConnection(join(findDataDirectory(flags.data, environment), "api.json"));
  // A data directory that was named is meant: what was stored for somewhere else does not take its place.
  const known = [local, flags.data === undefined ? await readConnection(loginFile(environment)) : undefined].filter(
    (connection) => connection !== undefined,
  );
  const named = flags.api === undefined ? undefined : parseApiUrl(flags.api);
  const meant = known.find(({ url, website }) => named === undefined || url === named || website === named);
  const url = flags.token === undefined ? (meant?.url ?? named) : (named ?? meant?.url);
  if (url === undefined) {
    throw new BerthError("api_unreachable", "No running platform was found on this machine.", {
      hint: "Start one with 'berth up', or name one with 'berth login --api URL'.",
    });
  }
  const token = flags.token ?? meant?.token;
  if (token === undefined) {
    throw new BerthError("unauthorized", `No token is known for ${url}.`, {
      hint: `Give one with --token, or keep one with 'berth login --api ${url}'.`,
    });
  }
  return { url, token };
}

/** `--data`, else BERTH_DATA, else the place that the system has for it; always absolute. */
export function findDataDirectory(flag: string | undefined, environment: Environment): string {
  const named = flag ?? environment.dataDirectory;
  if (named !== undefined) return resolve(named);
  if (environment.isRoot) return "/var/lib/berth";
  return join(environment.xdgDataHome ?? join(environment.home, ".local", "share"), "berth");
}

export function loginFile({ xdgConfigHome, home }: Environment): string {
  return join(xdgConfigHome ?? join(home, ".config"), "berth", "login.json");
}

/** Written beside its place and moved there: readable by its owner alone at every moment. */
export async function writeLogin(connection: Connection, environment: Environment): Promise<string> {
  const path = loginFile(environment);
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  try {
    await writeFile(temporary, `${JSON.stringify(connection)}\n`, { mode: 0o600 });
    await chmod(temporary, 0o600);
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
  return path;
}

/** @throws BerthError `usage` */
export function parseApiUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "") {
    throw new BerthError("usage", `'${text}' is not the address of a platform.`, {
      hint: "Give it as http://localhost:3000 or https://berth.example.com.",
    });
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
}

async function readConnection(path: string): Promise<KnownConnection | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unusable(path, `can't be read (${code})`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw unusable(path, "is not JSON");
  }
  const { url, token, website } = (parsed ?? {}) as Partial<KnownConnection>;
  if (typeof url !== "string" || typeof token !== "string") throw unusable(path, "has no url and token");
  return { url: url.replace(/\/+$/, ""), token, website: typeof website === "string" ? website : undefined };
}

function unusable(path: string, reason: string): BerthError {
  return new BerthError("data_directory_unusable", `${path} ${reason}.`, {
    hint: "Run as the user that started the platform, or remove the file and start it again.",
  });
}
