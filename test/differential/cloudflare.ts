import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { GeneratedSite } from "./generate.ts";

export interface CloudflareHandler {
  port: number;
  stop(): Promise<void>;
}

const START_MS = 60_000;

/** Starts `wrangler dev` on a folder of assets. It has no account, and no way off the machine: see script/differential. */
export async function startCloudflare(
  wrangler: string,
  { folder, assets, site, port }: { folder: string; assets: string; site: GeneratedSite; port: number },
): Promise<CloudflareHandler> {
  await mkdir(join(folder, "home"), { recursive: true });
  const config = {
    name: "site",
    compatibility_date: "2026-04-01",
    assets: { directory: assets, html_handling: site.htmlHandling, not_found_handling: site.notFoundHandling },
  };
  await writeFile(join(folder, "wrangler.json"), JSON.stringify(config));
  const ports = ["--port", `${port}`, "--inspector-port", `${port + 1}`];
  const child = Bun.spawn(["node", wrangler, "dev", "--local", "--ip", "127.0.0.1", ...ports], {
    cwd: folder,
    env: {
      PATH: Bun.env.PATH,
      HOME: join(folder, "home"),
      XDG_CONFIG_HOME: join(folder, "home"),
      CI: "1",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
    },
    stdin: "ignore",
    stdout: Bun.file(join(folder, "stdout")),
    stderr: Bun.file(join(folder, "stderr")),
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await child.exited;
  };
  const until = Date.now() + START_MS;
  for (;;) {
    const isUp = await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual" }).then(
      () => true,
      () => false,
    );
    if (isUp) return { port, stop };
    if (child.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`wrangler did not start:\n${await Bun.file(join(folder, "stderr")).text()}`);
    }
    await sleep(100);
  }
}
