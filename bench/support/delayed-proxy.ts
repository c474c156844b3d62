/**
 * A store that is far away: each answer is held back by `delayMs`. Requests that come while another is under way are of
 * one round trip.
 */
export function startDelayedProxy(endpoint: string, delayMs: number) {
  let [requests, rounds, underWay] = [0, 0, 0];
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, reusePort: false },
    async fetch(request) {
      requests += 1;
      if (underWay === 0) rounds += 1;
      underWay += 1;
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      const body = method === "GET" || method === "HEAD" ? null : await request.arrayBuffer();
      const [answer] = await Promise.all([
        fetch(`${endpoint}${pathname}${search}`, { method, headers, body, decompress: false }),
        Bun.sleep(delayMs),
      ]).finally(() => {
        underWay -= 1;
      });
      return new Response(answer.body, { status: answer.status, headers: answer.headers });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    counts: () => ({ requests, rounds }),
    stop: () => server.stop(true),
  };
}
