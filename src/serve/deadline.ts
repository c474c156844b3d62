import { BerthError } from "../model/errors.ts";

/**
 * A store that hangs counts as one that is down. The work goes on being told to stop by its signal; what it still gives
 * is dropped.
 * @throws BerthError `store_unavailable` when the time has passed, or what the work throws
 */
export async function withDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      new BerthError("store_unavailable", `The object store did not answer within ${ms / 1000} seconds.`, {
        hint: "Check the store that BERTH_STORE names, and the network between.",
      }),
    );
    abort.abort();
  }, ms);
  try {
    return await Promise.race([work(abort.signal), promise]);
  } finally {
    clearTimeout(timer);
  }
}
