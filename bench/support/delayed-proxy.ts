/** A store that is far away: each answer is held back by `delayMs`, and the requests are counted. */
export function startDelayedProxy(endpoint: string, delayMs: number) {
  let requests = 0;
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0, reusePort: false },
    async fetch(request) {
      requests += 1;
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      const body = method === "GET" || method === "HEAD" ? null : await request.arrayBuffer();
      const [answer] = await Promise.all([
        fetch(`${endpoint}${pathname}${search}`, { method, headers, body, decompress: false }),
        Bun.sleep(delayMs),
      ]);
      return new Response(answer.body, { status: answer.status, headers: answer.headers });
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, requests: () => requests, stop: () => server.stop(true) };
}
