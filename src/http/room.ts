/** A shorter body is copied behind its head each time, which costs no more than this would. */
const LONG_BYTES = 4 * 1024;
/** As much as heads take, but for those with long fields. */
export const ROOM_BYTES = 1024;

/** By a body, the memory that it lies in behind its room. */
const wholes = new WeakMap<Uint8Array, Uint8Array>();

/**
 * A long body is copied to where there is room before it in the same memory: a head that is put there goes out with it in
 * one piece, without another copy. Its `buffer` is then all that is held.
 */
export function withRoom(body: Uint8Array): Uint8Array {
  if (body.length < LONG_BYTES) return body;
  const whole = new Uint8Array(ROOM_BYTES + body.length);
  whole.set(body, ROOM_BYTES);
  const roomy = whole.subarray(ROOM_BYTES);
  wholes.set(roomy, whole);
  return roomy;
}

/** @returns the memory in which the body begins at `ROOM_BYTES`; undefined when there is no room before it */
export function wholeOf(body: Uint8Array): Uint8Array | undefined {
  return body.length < LONG_BYTES ? undefined : wholes.get(body);
}
