import { environment } from "../../src/environment.ts";

export interface GitServer {
  /** Without a slash at its end. */
  url: string;
  /** Method and path of each request, in order. */
  requests: string[];
  stop(): Promise<void>;
}

export interface GitServerOptions {
  /** Folder of the repositories. */
  root: string;
  /** Answers in git's place when it returns a response. */
  intercept?: (request: Request) => Response | undefined | Promise<Response | undefined>;
  /** 127.0.0.1 by default. */
  hostname?: string;
  /** A free one by default. */
  port?: number;
  /** PEM texts; it then speaks https. */
  tls?: { cert: string; key: string };
}

/** Serves repositories over git's smart HTTP protocol, by `git http-backend` (a CGI program, RFC 3875). */
export function startGitServer({ root, intercept, ...place }: GitServerOptions): GitServer {
  const requests: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    ...place,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      requests.push(`${request.method} ${pathname}`);
      return (await intercept?.(request)) ?? (await runBackend(request, root));
    },
  });
  const protocol = place.tls === undefined ? "http" : "https";
  return {
    url: `${protocol}://${place.hostname ?? "127.0.0.1"}:${server.port}`,
    requests,
    stop: () => server.stop(true),
  };
}

async function runBackend(request: Request, root: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const child = Bun.spawn(["git", "http-backend"], {
    env: {
      PATH: environment.variables.PATH ?? "/usr/bin:/bin",
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      PATH_INFO: decodeURIComponent(pathname),
      REQUEST_METHOD: request.method,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers.get("content-type") ?? "",
      HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
      GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
      REMOTE_ADDR: "127.0.0.1",
    },
    stdin: await request.bytes(),
    stdout: "pipe",
    stderr: "ignore",
  });
  const answer = Buffer.from(await new Response(child.stdout).arrayBuffer());
  const end = answer.indexOf("\r\n\r\n");
  const headers = new Headers();
  for (const line of answer.toString("latin1", 0, end).split("\r\n")) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const status = Number.parseInt(headers.get("status") ?? "200", 10);
  headers.delete("status");
  return new Response(answer.subarray(end + 4), { status, headers });
}
