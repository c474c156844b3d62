import { expect, test } from "bun:test";
import { withoutWithdrawn } from "./withdrawn-packages.ts";

const entry = (name: string, version: string, integrity = "\n  integrity sha512-old==") =>
  `${name}@^1.0.0, ${name}@^1.1.2:\n  version "${version}"\n  resolved "https://yarn.example/${name}/-/${name}-${version}.tgz#11f8"${integrity}\n  dependencies:\n    nan "^2.3.0"\n`;

test.each(["1.0.0", "1.1.3", "1.2.9", "1.2.10"])("fsevents %s gives way to one that is there", (version) => {
  for (const integrity of [undefined, ""]) {
    const before = `${entry("chokidar", version)}\n${entry("fsevents", version, integrity)}\n${entry("fstream", version)}`;
    const after = withoutWithdrawn(before);
    expect(after).toContain(entry("chokidar", version));
    expect(after).toContain(entry("fstream", version));
    expect(after).toContain('  version "1.2.13"\n  resolved "fsevents/-/fsevents-1.2.13.tgz#f325');
    expect(after).toMatch(/integrity sha512-oWb1\S+==\n {2}dependencies:\n {4}nan/);
    expect(after).not.toContain(`fsevents-${version}`);
  }
});

test.each(["0.3.8", "1.2.11", "1.2.13", "2.3.3"])("fsevents %s stays", (version) => {
  expect(withoutWithdrawn(entry("fsevents", version))).toBe(entry("fsevents", version));
});
