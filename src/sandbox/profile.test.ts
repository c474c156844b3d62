import { expect, test } from "bun:test";
import { FOLLOW_ORDERS } from "./inside/frames.ts";
import { insideCommand, type ProfileInput } from "./profile.ts";

const inside = (command: readonly string[], egressSocket: string | undefined) =>
  insideCommand(command, {
    options: { cwd: "/work/a b" },
    registries: { registry: "", hosts: [], npmrcLines: [] },
    egressSocket,
  } as unknown as ProfileInput);

test.each([
  ["a command with a way out is behind the forwarder", ["tar", "-x"], "/socket", true],
  ["one without has nothing to forward", ["tar", "-x"], undefined, false],
  ["orders are followed by the forwarder itself", [FOLLOW_ORDERS], undefined, true],
])("%s", (_, command, socket, hasForwarder) => {
  const made = inside(command, socket);
  expect(made.some((argument) => argument.endsWith("/forwarder.ts"))).toBe(hasForwarder);
  expect(made.slice(-command.length)).toEqual(command);
});

test("without the forwarder the folder and the command stay what they are, whatever is in them", async () => {
  const [program, ...args] = inside(["printf", "%s|", "$(id)", "a b", "'", ";"], undefined);
  const here = args.map((argument) => (argument === "/work/a b" ? "/" : argument));
  const child = Bun.spawn([program!, ...here], { stdout: "pipe" });
  expect(await new Response(child.stdout).text()).toBe("$(id)|a b|'|;|");
});
