import { expect, test } from "bun:test";
import fc from "fast-check";
import { clientHello } from "../../test/support/client-hello.ts";
import { serverNameIn } from "./client-hello.ts";

const hello = await clientHello("Registry.Example");

/** The same greeting in records of so many bytes. */
function inRecords(size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 5; at < hello.length; at += size) {
    const part = hello.subarray(at, at + size);
    parts.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(parts);
}

/** Extensions that follow one another, in a greeting that holds nothing else. */
function withExtensions(...extensions: Buffer[]): Buffer {
  const length = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
  const body = Buffer.concat([Buffer.alloc(34), Buffer.from([0, 0, 2, 0, 1, 1, 0]), length(Buffer.concat(extensions))]);
  const handshake = Buffer.concat([Buffer.from([1, 0]), length(body)]);
  return Buffer.concat([Buffer.from([22, 3, 1]), length(handshake)]);
}
const named = (...names: string[]) => {
  const list = Buffer.concat(names.map((name) => Buffer.concat([Buffer.from([0, 0, name.length]), Buffer.from(name)])));
  return Buffer.concat([Buffer.from([0, 0, 0, list.length + 2, 0, list.length]), list]);
};

test("the name is read, however the greeting is cut into records and pieces", () => {
  for (const bytes of [hello, inRecords(1), inRecords(7), inRecords(200)]) {
    expect(serverNameIn(bytes)).toEqual({ name: "registry.example" });
    for (let end = 0; end < bytes.length; end += 1) expect(serverNameIn(bytes.subarray(0, end))).toBe("more");
  }
});

test("a greeting without a name has none", async () => {
  expect(serverNameIn(await clientHello(undefined))).toEqual({ name: null });
  expect(serverNameIn(withExtensions())).toEqual({ name: null });
});

test.each([
  ["two names", withExtensions(named("a.example", "b.example"))],
  ["a name twice", withExtensions(named("a.example"), named("b.example"))],
  ["an encrypted greeting", withExtensions(named("a.example"), Buffer.from([0xfe, 0x0d, 0, 0]))],
  ["a length that leads out", withExtensions(Buffer.from([0, 0, 0, 9, 0, 7]))],
  ["a request", Buffer.from("GET / HTTP/1.1\r\n")],
  ["another record", Buffer.from([23, 3, 1, 0, 1, 0])],
  ["an empty record", Buffer.from([22, 3, 1, 0, 0])],
  ["another handshake", Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
])("%s can't be told whom it is for", (_, bytes) => {
  expect(serverNameIn(bytes)).toBeUndefined();
  expect(serverNameIn(withExtensions(named("a.example")))).toEqual({ name: "a.example" });
});

test("no bytes are too much for it", () => {
  const damaged = fc.tuple(fc.nat(hello.length - 1), fc.nat(255)).map(([at, value]) => {
    const bytes = Buffer.from(hello);
    bytes[at] = value;
    return bytes;
  });
  const any = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(damaged, any), (bytes) => {
      serverNameIn(bytes);
    }),
    { numRuns: 2000 },
  );
});
