import { defineCommand } from "citty";
import { environment } from "../environment.ts";
import type { Deployment } from "../model/deployment.ts";
import { parseSettings } from "../model/settings.ts";
import { readConfigFile } from "../server/data-directory.ts";
import { type Platform, startPlatform } from "../server/start.ts";
import { commonArguments, repeatedOption } from "./arguments.ts";
import { createClient } from "./client.ts";
import { findDataDirectory } from "./connection.ts";
import { absoluteSource } from "./deploy.ts";
import { usageError } from "./failure.ts";
import { followDeployment } from "./follow.ts";
import { createOutput, type Output, style } from "./output.ts";
import { createReporter } from "./report.ts";
import { warnOfUncommitted } from "./work-tree.ts";

const HELP = "Add --role api, or leave the source out and use 'berth deploy' where the API runs.";

export const up = defineCommand({
  meta: { name: "up", description: "Start the platform; with a source, deploy it and keep serving" },
  args: {
    source: { type: "positional", required: false, description: "Git URL or path to deploy" },
    port: { type: "string", valueHint: "3000", description: "Port to listen on" },
    host: { type: "string", valueHint: "127.0.0.1", description: "Address to listen on" },
    role: { type: "string", valueHint: "role", description: "api, upload, builder or edge; may be repeated" },
    domain: { type: "string", valueHint: "localhost", description: "Domain of the website and the sites" },
    "edge-workers": { type: "string", valueHint: "1", description: "Processes that serve sites on the same port" },
    branch: { type: "string", valueHint: "name", description: "Branch of the source" },
    ...commonArguments,
    data: { ...commonArguments.data, description: "Data directory" },
    api: { ...commonArguments.api, description: "Without effect: the platform is the one that starts here" },
    token: { ...commonArguments.token, description: "Without effect, as --api" },
  },
  async run({ args, rawArgs }) {
    const output = createOutput({ json: args.json ?? false });
    const source = args.source === undefined ? undefined : absoluteSource(args.source);
    const directory = findDataDirectory(args.data, environment);
    const settings = parseSettings({
      dataDirectory: directory,
      flags: {
        ...(args.port !== undefined && { port: args.port }),
        ...(args.host !== undefined && { host: args.host }),
        ...(args.domain !== undefined && { domain: args.domain }),
        ...(args["edge-workers"] !== undefined && { edgeWorkers: args["edge-workers"] }),
        roles: repeatedOption(rawArgs, "role"),
      },
      variables: environment.variables,
      file: await readConfigFile(directory),
    });
    if (source !== undefined && !settings.roles.includes("api")) {
      throw usageError("A source is deployed by the role 'api', which is not among the given roles.", HELP);
    }
    const stopped = nextSignal();
    const platform = await startPlatform(settings, environment);
    stopped.onHangUp(
      () => void platform.reload().catch((error: Error) => output.print(`Not reloaded: ${error.message}`)),
    );
    try {
      greet(platform, output);
      const wish = source === undefined ? undefined : { source, project: args.project, branch: args.branch };
      const status = await deployAndServe(platform, { wish, output, stopped: stopped.promise });
      if (status !== undefined) return status;
      await stopped.promise;
      return 0;
    } finally {
      stopped.onSecond(() => process.exit(1));
      await platform.stop();
    }
  },
});

function greet(platform: Platform, output: Output): void {
  const paint = style(output.color);
  output.print(`${paint.bold("Berth")} is up at ${paint.cyan(platform.baseUrl)}`);
  if (platform.api) output.print(`Sign in (this link works once): ${paint.cyan(platform.api.signInUrl)}`);
}

interface Serving {
  wish: { source: string; project: string | undefined; branch: string | undefined } | undefined;
  output: Output;
  stopped: Promise<"signal">;
}

/** A source that fails leaves the platform serving what it served before. */
async function deployAndServe(platform: Platform, { wish, output, stopped }: Serving): Promise<number | undefined> {
  const { api } = platform;
  const document = { url: platform.baseUrl, signInUrl: api?.signInUrl ?? null };
  if (wish === undefined || api === undefined) {
    output.document({ ...document, deployment: null });
    return undefined;
  }
  if (wish.branch === undefined) await warnOfUncommitted(output, wish.source);
  const client = createClient({ url: api.url, token: api.token });
  let latest: Deployment | undefined;
  const deploying = (async () => {
    latest = await client.deploy(wish);
    return await followDeployment(client, latest, createReporter(output));
  })();
  const done = await Promise.race([deploying, stopped]);
  if (done === "signal") {
    deploying.catch(() => undefined); // its platform goes away below it
    const asItStands = latest === undefined ? null : await client.deployment(latest.id).catch(() => latest!);
    output.document({ ...document, deployment: asItStands });
    return 1;
  }
  output.document({ ...document, deployment: done });
  output.print("Serving. Ctrl-C stops.");
  return undefined;
}

/**
 * The first SIGINT or SIGTERM asks to stop; a second one insists. So does SIGHUP of a terminal that goes away; without a
 * terminal it asks to reload, as with other servers.
 */
function nextSignal() {
  const { promise, resolve } = Promise.withResolvers<"signal">();
  let insist = () => {};
  let reload = () => {};
  let count = 0;
  const onSignal = () => {
    count += 1;
    if (count === 1) resolve("signal");
    else insist();
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
  process.on("SIGHUP", () => (process.stdin.isTTY ? onSignal() : reload()));
  return {
    promise,
    onSecond(action: () => void) {
      insist = action;
    },
    onHangUp(action: () => void) {
      reload = action;
    },
  };
}
