import { resolveByDns, resolveBySystem } from "../../src/resolve-name.ts";

/**
 * Runs where the name server is a socket here that never answers: asks for many names, then reads a file, and prints
 * which of both came first. With `system` as its argument the names are asked of the system's resolver.
 */
await Bun.udpSocket({ hostname: "127.0.0.1", port: 53, socket: { data() {} } });
const ask = process.argv[2] === "system" ? resolveBySystem : resolveByDns;
const names = Array.from({ length: 512 }, (_, index) => ask(`name${index}.silent.example`).catch(() => undefined));
// They are on their way.
await Bun.sleep(200);
const first = await Promise.race([
  Bun.file(import.meta.path)
    .bytes()
    .then(() => "file"),
  Promise.any(names).then(() => "name"),
]);
process.stdout.write(first);
process.exit();
