import { expect, test } from "bun:test";
import { encodeFrame, FrameReader } from "./frames.ts";

test("frames come out as they went in, however their bytes arrive", () => {
  const stream = Buffer.concat([
    encodeFrame("o", Buffer.from("first")),
    encodeFrame("e", Buffer.alloc(0)),
    encodeFrame("o", Buffer.alloc(300, "x")),
    encodeFrame("x", Buffer.from("0")),
  ]);
  for (const step of [1, 2, 7, 64, stream.length]) {
    const reader = new FrameReader();
    const found: string[] = [];
    for (let at = 0; at < stream.length; at += step) {
      for (const { kind, payload } of reader.push(stream.subarray(at, at + step))) found.push(`${kind}${payload}`);
    }
    expect(found).toEqual(["ofirst", "e", `o${"x".repeat(300)}`, "x0"]);
  }
});

test("what is no stream of frames is told", () => {
  expect(() => [...new FrameReader().push(Buffer.from("Segmentation fault"))]).toThrow("no frames");
  expect(() => [...new FrameReader().push(Buffer.from("o\xff\xff\xff\xff", "latin1"))]).toThrow("no frames");
});
