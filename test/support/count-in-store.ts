import { openFileStore } from "../../src/store/file.ts";

/** Adds 1 to the object `count` by compare-and-set: `count-in-store.ts <root> <times>`. */
const [root, times] = process.argv.slice(2);
const store = openFileStore(root!);
for (let left = Number(times); left > 0; ) {
  const now = (await store.get("count"))!;
  const next = Number(new TextDecoder().decode(await now.bytes())) + 1;
  if ((await store.put("count", new Blob([String(next)]), { ifMatch: now.etag })).written) left -= 1;
}
await store.close();
