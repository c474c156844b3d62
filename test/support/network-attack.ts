import type { WallMode } from "../../src/sandbox/profile.ts";
import type { EgressPolicy } from "../../src/sandbox/sandbox.ts";
import { openWall } from "./hostile.ts";

/**
 * `network-attack.ts DIRECTORY MODE POLICY SOCKET`: tries from inside the wall, or without one, to reach every canary
 * of `canary-network.ts`, and prints what it got as JSON.
 */
const [directory, mode, policy, socketPath] = process.argv.slice(2) as [
  string,
  WallMode | "none",
  EgressPolicy,
  string,
];

const DIRECT = [
  ...["127.0.0.1", "::1", "10.99.88.77", "169.254.169.254", "2130706433", "0x7f.1", "127.1", "0.0.0.0"],
  ...["::ffff:127.0.0.1", "lan.example", "own.example", "metadata.example", "both.example", "localhost"],
  ...["rebinding.example", "rebinding.example", "rebinding.example"],
];
/** By the proxy, as CONNECT takes them. */
const TUNNELS = DIRECT.map((host) => (host.includes(":") ? `[${host}]` : host));

/** Runs in the sandbox. Plain sockets, so that no client's own rules stand between. */
const PROGRAM = `
import { connect } from "node:net";
const [direct, tunnels, unix] = ${JSON.stringify([DIRECT, TUNNELS, [socketPath, "\0berth-canary"]])};
const talk = (where, text) => new Promise((resolve) => {
  let got = "";
  const socket = connect(where, () => socket.write(text));
  socket.setTimeout(3000, () => socket.destroy());
  socket.on("data", (bytes) => { got += bytes; if (/CANARY|^HTTP.1.1 4/.test(got)) socket.destroy(); });
  socket.on("error", () => {});
  socket.on("close", () => resolve(got.includes("CANARY") ? "CANARY" : got.split("\\r\\n")[0]));
});
const say = (what, got) => console.log(what + ": " + got);
for (const path of unix) say("unix " + path.replace("\\0", "@"), await talk({ path }, "x"));
for (const host of direct) for (const port of [80, 443]) say(host + " " + port, await talk({ host, port }, "GET / HTTP/1.0\\r\\n\\r\\n"));
const proxy = { host: "127.0.0.1", port: 3128 };
for (const host of tunnels) {
  for (const port of [80, 443]) say("CONNECT " + host + ":" + port, await talk(proxy, "CONNECT " + host + ":" + port + " HTTP/1.1\\r\\n\\r\\n"));
  say("GET http://" + host + "/", await talk(proxy, "GET http://" + host + "/ HTTP/1.1\\r\\nHost: " + host + "\\r\\n\\r\\n"));
}
say("public", await talk(proxy, "CONNECT public.example:443 HTTP/1.1\\r\\n\\r\\n"));
`;

const wall = await openWall({ directory, mode });
try {
  await Bun.write(`${wall.folders.work}/attack.mjs`, PROGRAM);
  await wall.sandbox.handOver(3);
  const bun = mode === "none" ? process.execPath : "/run/berth/bun";
  const { text, refusedHosts, cause } = await wall.attempt(`exec ${bun} attack.mjs`, { egress: policy });
  console.log(JSON.stringify({ text: `${text}${cause}`, refusedHosts }));
} finally {
  await wall.close();
}
