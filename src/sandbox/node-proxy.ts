import { PROXIED_FETCH } from "./runtime-files.ts";
import type { EgressPolicy } from "./sandbox.ts";

/**
 * How Node gets to the sandbox's proxy. Its fetch, from 18 on, is led there by a preload that does nothing until something
 * is fetched. To have all of its HTTP go there (`NODE_USE_ENV_PROXY`, from 24 on) makes every start of Node take half as
 * long again, so that is done only where there is more to reach than registries, which package managers ask by themselves.
 * @param node full version; undefined for what is no build's command
 * @param options what NODE_OPTIONS says already
 */
export function nodeProxyVariables(
  node: string | undefined,
  egress: EgressPolicy,
  options: string | undefined,
): Record<string, string> {
  const [major = 0, minor = 0] = (node ?? "").split(".").map(Number);
  if (major < 18) return {};
  if (major >= 24 && (egress === "public" || !canBeLedLater(major, minor))) return { NODE_USE_ENV_PROXY: "1" };
  return { NODE_OPTIONS: [`--require=${PROXIED_FETCH}`, options].filter(Boolean).join(" ") };
}

/** Whether it has `http.setGlobalProxyFromEnv`, or is so old that the preload has an agent of its own for it. */
const canBeLedLater = (major: number, minor: number): boolean =>
  major > 25 || (major === 25 && minor >= 4) || (major === 24 && minor >= 14);
