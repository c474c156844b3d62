import { expect, test } from "bun:test";
import { withFingerprints } from "./variables.ts";

test("what names are made of holds no value, and tells variables apart as the values do", () => {
  const common = { context: "all", install: false } as const;
  const variables = [
    { ...common, name: "PIN", value: "4711", secret: true },
    { ...common, name: "TITLE", value: "Harbour", secret: false, install: true },
  ];
  const fingerprint = (value: string) => `fingerprint of ${value.length}`;
  const { fingerprints, ...values } = withFingerprints(variables, "production", { fingerprint });
  expect(values).toEqual({
    install: { TITLE: "Harbour" },
    build: { PIN: "4711", TITLE: "Harbour" },
    secrets: [{ name: "PIN", value: "4711" }],
  });
  expect(fingerprints).toEqual({
    install: { TITLE: "fingerprint of 7" },
    build: { PIN: "fingerprint of 4", TITLE: "fingerprint of 7" },
    secrets: [{ name: "PIN", value: "fingerprint of 4" }],
  });
});
