import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runToEnd } from "../../test/support/process.ts";

/** A server of the bench's sites, on the one core that is given to it. */
export interface Peer {
  name: string;
  port: number;
  /** Absent where HTTPS is not measured. */
  httpsPort?: number;
  /** Of its first processes; others that they start count with them. */
  pids: readonly number[];
  stop(): Promise<void>;
}

export interface PeerOptions {
  /** Folder of web roots, one a host. */
  roots: string;
  /** For configuration, logs and process ids. */
  folder: string;
  cpu: number;
  tls: { certificate: string; key: string };
}

let nextPort = 21_000 + (process.pid % 5_000);
const freePort = () => {
  nextPort += 1;
  return nextPort;
};

/** A certificate for every host of the bench. */
export async function makeCertificate(folder: string): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [join(folder, "localhost.crt"), join(folder, "localhost.key")];
  await mkdir(folder, { recursive: true });
  await runToEnd([
    ...[
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "30",
    ],
    ...["-keyout", key, "-out", certificate, "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=DNS:localhost,DNS:*.localhost"],
  ]);
  return { certificate, key };
}

/** As an operator would tune it: own root for each host, files kept open, ready-made gzip copies. */
export async function startNginx({ roots, folder, cpu, tls }: PeerOptions): Promise<Peer> {
  const [port, httpsPort] = [freePort(), freePort()];
  const file = join(folder, "nginx.conf");
  await writeFile(
    file,
    `worker_processes 1; daemon off; user root; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log crit;
events { worker_connections 16384; }
http {
  include /etc/nginx/mime.types; access_log off; server_tokens off;
  sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 300;
  open_file_cache max=65536 inactive=300s; open_file_cache_valid 300s; gzip_static on;
  ssl_session_cache shared:tls:10m; ssl_protocols TLSv1.3;
  server {
    listen 127.0.0.1:${port}; listen 127.0.0.1:${httpsPort} ssl http2;
    ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key};
    root ${roots}/$host;
    add_header X-Content-Type-Options nosniff; add_header Cache-Control "public, max-age=0, must-revalidate";
  }
}
`,
  );
  return start("nginx", ["nginx", "-c", file], { port, httpsPort, cpu });
}

export async function startCaddy({ roots, folder, cpu }: PeerOptions): Promise<Peer> {
  const port = freePort();
  return startCaddyWith("Caddy file_server", folder, port, cpu, [
    `root * ${roots}/{host}`,
    "file_server {",
    "precompressed gzip",
    "}",
  ]);
}

/** Caddy in front of nginx, on the same core: what a self-hosted platform usually has. */
export async function startChain(options: PeerOptions): Promise<Peer> {
  const nginx = await startNginx(options);
  const caddy = await startCaddyWith("Caddy in front of nginx", options.folder, freePort(), options.cpu, [
    `reverse_proxy 127.0.0.1:${nginx.port}`,
  ]);
  const stop = async () => {
    await caddy.stop();
    await nginx.stop();
  };
  return { ...caddy, pids: [...caddy.pids, ...nginx.pids], stop };
}

async function startCaddyWith(name: string, folder: string, port: number, cpu: number, site: readonly string[]) {
  const file = join(folder, `Caddyfile-${port}`);
  const head = "{\n admin off\n auto_https off\n log {\n output discard\n }\n}\n";
  await writeFile(file, `${head}http://:${port} {\n bind 127.0.0.1\n ${site.join("\n ")}\n}\n`);
  const environment = { GOMAXPROCS: "1", XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  return start(name, ["caddy", "run", "--config", file, "--adapter", "caddyfile"], { port, cpu }, environment);
}

/** The library behind `npx serve`, on Node. */
export async function startServeHandler({ roots, folder, cpu }: PeerOptions): Promise<Peer> {
  const port = freePort();
  const file = join(folder, "serve-handler.cjs");
  const library = JSON.stringify(fileURLToPath(import.meta.resolve("serve-handler")));
  await writeFile(
    file,
    `const handler = require(${library});
require("node:http").createServer((request, response) => {
  const host = request.headers.host.replace(/:.*/, "");
  return handler(request, response, { public: ${JSON.stringify(roots)} + "/" + host });
}).listen(${port}, "127.0.0.1");
`,
  );
  return start("serve-handler", ["node", file], { port, cpu });
}

/** See `bare-listener.ts`. */
export async function startBareListener({ cpu }: PeerOptions, bodyBytes: number): Promise<Peer> {
  const port = freePort();
  const command = [process.execPath, join(import.meta.dir, "bare-listener.ts"), `${port}`, `${bodyBytes}`];
  return start("the bare listener", command, { port, cpu });
}

async function start(
  name: string,
  command: readonly string[],
  at: { port: number; httpsPort?: number; cpu: number },
  environment: Record<string, string> = {},
): Promise<Peer> {
  const child = Bun.spawn(["taskset", "-c", `${at.cpu}`, ...command], {
    env: { ...Bun.env, ...environment },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${at.port}/`, { headers: { host: "site-0.localhost" } }).catch(
      () => null,
    );
    if (answer?.status === 200) break;
    if (child.exitCode !== null || tries > 200) throw new Error(`${name} does not answer on port ${at.port}`);
    await sleep(50);
  }
  const { port, httpsPort } = at;
  const stop = async () => {
    child.kill();
    await child.exited;
  };
  return { name, port, ...(httpsPort !== undefined && { httpsPort }), pids: [child.pid], stop };
}
