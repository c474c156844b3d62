/** A worker process for tests to kill: takes one build job, says so, and never finishes it. */
import { openPostgresQueue, openRedisQueue } from "../../src/queue/bullmq.ts";

const [kind, connection] = JSON.parse(Bun.argv[2]!);
const queue = await (kind === "redis" ? openRedisQueue : openPostgresQueue)(connection, () => {});
await queue.work("build", {
  concurrency: 1,
  onFault: () => {},
  async handle(id) {
    console.log(id);
    await new Promise(() => {});
  },
});
