import type { Cause, Explain, FailedCommand } from "./cause.ts";

/** Where a log names the host that was not reached. */
const NAMED: readonly RegExp[] = [
  /(?:ENOTFOUND|EAI_AGAIN) ([\w.-]+\.[a-z]{2,})/g,
  /(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)[^\n]{0,40}? (?:https?:\/\/)?([\w.-]+\.[a-z]{2,})/g,
  /Could not resolve (?:host(?:name)?:? |proxy: )?([\w.-]+\.[a-z]{2,})/g,
  /unable to access 'https?:\/\/(?:[^@/']*@)?([\w.-]+)/g,
  /unable to (?:look up|connect to) ([\w.-]+\.[a-z]{2,})(?: \(port|:)/g,
  /(?:request to|[Ff]ailed to (?:fetch|download|load)[^\n]{0,80}?|Failed to connect to|fetching|RequestError[^\n]{0,60}?) [`'"]?https?:\/\/([\w.-]+)[^\n]*/g,
  /(?:tunneling socket could not be established|Proxy response \(403\)|CONNECT tunnel failed)[^\n]{0,80}?https?:\/\/([\w.-]+)/g,
];

/** Words of the failure without the host's name. */
const NETWORK =
  /\b(ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH)\b|ECONNREFUSED (?!127\.|::1|localhost)|CONNECT tunnel failed|tunneling socket could not|fetch failed|Failed to fetch (`|font)|Could not resolve host|unable to access 'https?:|unable to (?:look up|connect to) [\w.-]+(?: \(port|:)/;

const FONTS = /^(fonts\.googleapis\.com|fonts\.gstatic\.com|use\.typekit\.net)$/;
const GIT_HOSTS =
  /^((codeload\.|raw\.|api\.)?github(usercontent)?\.com|.*\.githubusercontent\.com|gitlab\.com|bitbucket\.org|codeberg\.org)$/;

/** A tool says so and goes on, without the fonts of a host for one: what ended it is something else. */
const WENT_ON = /^.*(?:\[warn\]|\bWARN\b|Could not initialize provider [^\n]* will not be able to).*$/gm;

/** A host was asked for that the policy refuses, or that the sandbox can't look up. */
export const networkCause: Explain = (failed) => {
  const text = failed.text.replace(WENT_ON, "");
  const named = [...NAMED.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]!.toLowerCase()))];
  const fonts = /Failed to fetch (?:`[^`]+`|font)[^\n]*Google Fonts/.test(text) ? ["fonts.googleapis.com"] : [];
  const refused = failed.refusedHosts.map((host) => host.replace(/:\d+$/, ""));
  const mentioned = refused.filter((host) => text.includes(host));
  if (!NETWORK.test(text) && mentioned.length === 0 && fonts.length === 0) return undefined;
  const hosts = [...new Set([...(mentioned.length > 0 ? mentioned : refused), ...fonts, ...named])].filter(
    (host) => !/^(localhost|127\.|0\.0\.0\.0)/.test(host),
  );
  return hosts.length === 0 ? undefined : unreached(failed, hosts);
};

/** For a failure that nothing else explains: the refusals are the likeliest reason. */
export function refusalCause(failed: FailedCommand): Cause | undefined {
  const hosts = failed.refusedHosts.map((host) => host.replace(/:\d+$/, ""));
  return hosts.length === 0 ? undefined : unreached(failed, hosts);
}

function unreached({ egress, refusedHosts, step, registries = [] }: FailedCommand, hosts: readonly string[]): Cause {
  const list = hosts.slice(0, 5).join(", ");
  const other = otherWay(hosts, registries);
  if (egress === "public" && refusedHosts.length === 0) {
    return {
      what: `${list} could not be reached`,
      next: `Builds reach the network through the proxy in HTTPS_PROXY alone: is the name right, and does the program use it?${other}`,
      code: step === "install" ? "install_failed" : "build_failed",
    };
  }
  const policy =
    egress === "public"
      ? "private addresses are refused under every policy"
      : "set egress=public for the project if it needs them";
  return {
    what: `the network policy '${egress}' does not let it reach ${list}`,
    next: `${policy[0]!.toUpperCase()}${policy.slice(1)}.${other}`,
    code: "network_refused",
  };
}

function otherWay(hosts: readonly string[], registries: readonly string[]): string {
  const named = hosts.find((host) => registries.some((url) => URL.canParse(url) && new URL(url).hostname === host));
  if (named !== undefined) {
    return ` Without: the repository's own package manager configuration names ${named} as its registry; take that line out if it is a mirror of the public registry, or have it added to the npm configuration of the platform's machine.`;
  }
  if (hosts.some((host) => FONTS.test(host))) {
    return " Without: keep the fonts in the repository (next/font/local, or a package of @fontsource).";
  }
  if (hosts.some((host) => GIT_HOSTS.test(host))) {
    return " Without: take dependencies from the registry instead of a git host, and versions of native modules that ship their files there.";
  }
  return "";
}
