import { expect, test } from "bun:test";
import { parseSshConfiguration } from "./ssh-keys.ts";

test("what ssh says of a host, with the home folder in the place of its sign", () => {
  const remote = { protocol: "ssh", user: "git", host: "alias", port: undefined } as const;
  const text = [
    ...["user deploy", "hostname Git.Example", "port 2222", "identityfile ~/.ssh/id_ed25519", "identityfile /keys/a b"],
    ...["userknownhostsfile /home/u/.ssh/known_hosts ~/.ssh/known_hosts2", "globalknownhostsfile /etc/ssh/known"],
  ].join("\n");
  expect(parseSshConfiguration(text, { remote, home: "/home/u" })).toEqual({
    host: "git.example",
    port: 2222,
    user: "git",
    identityFiles: ["/home/u/.ssh/id_ed25519", "/keys/a b"],
    knownHostsFiles: ["/home/u/.ssh/known_hosts", "/home/u/.ssh/known_hosts2", "/etc/ssh/known"],
  });
  const none = parseSshConfiguration("identityfile none\n", { remote, home: "/home/u" });
  expect(none).toMatchObject({ host: "alias", port: 22, user: "git", identityFiles: [] });
});
