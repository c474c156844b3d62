/**
 * Runs inside the sandbox and looks for ways out: `probe.ts CANARY PORT`. Prints one JSON document.
 */
const [canary = "", port = "0"] = process.argv.slice(2);

const report = {
  canaryRead: await Bun.file(canary)
    .text()
    .then(
      () => true,
      () => false,
    ),
  loopbackReached: await Bun.connect({ hostname: "127.0.0.1", port: Number(port), socket: { data() {} } }).then(
    (socket) => {
      socket.end();
      return true;
    },
    () => false,
  ),
  isRoot: process.getuid?.() === 0,
};

export {};

process.stdout.write(JSON.stringify(report));
