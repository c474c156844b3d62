import { dateBlock } from "./hpack-encoder.ts";

let second = -1;
let block: Uint8Array = new Uint8Array();

/** The Date field (RFC 9110 section 6.6.1), encoded anew once a second. */
export function dateOf(nowMs: number): Uint8Array {
  const now = Math.floor(nowMs / 1000);
  if (now !== second) {
    second = now;
    block = dateBlock(new Date(now * 1000).toUTCString());
  }
  return block;
}
