/**
 * Preloaded into a build's Node, so it does next to nothing until something is fetched. Node's fetch takes its dispatcher
 * from one of these symbols (lib/global.js of undici, which it is made of). A Node that can be told of its proxy while it
 * runs puts a dispatcher of its own there; for others the platform brings one.
 */
const KEYS = ["undici.globalDispatcher.1", "undici.globalDispatcher.2"].map((name) => Symbol.for(name));

function dispatcherAt(key) {
  const { setGlobalProxyFromEnv } = require("node:http");
  if (setGlobalProxyFromEnv === undefined) {
    globalThis[key] = require("./proxy-agent.cjs").openDispatcher(process.env.HTTPS_PROXY);
  } else {
    setGlobalProxyFromEnv();
  }
  return globalThis[key];
}

for (const key of KEYS) {
  Object.defineProperty(globalThis, key, {
    value: {
      dispatch: (options, handler) => dispatcherAt(key).dispatch(options, handler),
      close: async () => undefined,
      destroy: async () => undefined,
    },
    writable: true,
    enumerable: false,
    configurable: false,
  });
}
