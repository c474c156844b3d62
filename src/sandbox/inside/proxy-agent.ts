import { Agent, type Dispatcher, ProxyAgent } from "undici";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * What Node's own fetch sends its requests by inside the sandbox: the proxy, but for the sandbox's own loopback. Bundled
 * into one file for `proxied-fetch.cjs`, which loads it at the first fetch.
 */
export function openDispatcher(proxy: string | undefined): Pick<Dispatcher, "dispatch"> {
  const direct = new Agent();
  const proxied = proxy === undefined ? direct : new ProxyAgent({ uri: proxy });
  return {
    dispatch(options, handler) {
      const { hostname } = new URL(String(options.origin));
      return (LOOPBACK.has(hostname) ? direct : proxied).dispatch(options, handler);
    },
  };
}
