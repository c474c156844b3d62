/**
 * Preloaded into every Node of a build that reads no proxy variables itself, so it does next to nothing until something
 * is fetched. Node's fetch takes its dispatcher from this symbol (lib/global.js of undici, which it is made of).
 */
let dispatcher;

Object.defineProperty(globalThis, Symbol.for("undici.globalDispatcher.1"), {
  value: {
    dispatch(options, handler) {
      dispatcher ??= require("./proxy-agent.cjs").openDispatcher(process.env.HTTPS_PROXY);
      return dispatcher.dispatch(options, handler);
    },
    close: async () => undefined,
    destroy: async () => undefined,
  },
  writable: true,
  enumerable: false,
  configurable: false,
});
