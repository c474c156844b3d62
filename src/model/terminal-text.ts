/** What of a text that somebody else printed is never seen as a character of its own. */

/**
 * Sequences of ECMA-48 in their 7-bit and 8-bit forms: CSI, then the strings (DCS, SOS, OSC, PM, APC) up to their
 * terminator or the end of the line, then any other escape, then an escape that was cut off.
 */
export const SEQUENCE =
  /(?:\u001b\[|\u009b)([0-?]*)([ -/]*)([@-~]?)|(?:\u001b[PX\]^_]|[\u0090\u0098\u009d\u009e\u009f])[\s\S]*?(?:\u0007|\u001b\\|\u009c|$)|\u001b[ -/]*[0-~]?/g;
export const CONTROL = /[\u0000-\u0008\u000a-\u001a\u001c-\u001f\u007f-\u009f]/g;
/** Reorder or hide text without a control character. */
export const INVISIBLE = /[\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;

const UNSEEN = new RegExp([SEQUENCE, CONTROL, INVISIBLE].map(({ source }) => `(?:${source})`).join("|"), "g");
/** Of nearly all that is printed: it can hold none of them. */
const PLAIN = /^[\t\n\u0020-\u007e]*$/;

/** A text as it is seen, and where each of its characters stands in the whole one. */
export interface SeenText {
  text: string;
  places: readonly number[];
}

/** @returns undefined when all of it is seen */
export function seenText(whole: string): SeenText | undefined {
  if (PLAIN.test(whole) || whole.search(UNSEEN) === -1) return undefined;
  let text = "";
  const places: number[] = [];
  let at = 0;
  const keep = (end: number) => {
    text += whole.slice(at, end);
    for (; at < end; at += 1) places.push(at);
  };
  for (const match of whole.matchAll(UNSEEN)) {
    // The end of a line is no part of a word, whatever it is that stands there.
    if (match[0] === "\n") continue;
    keep(match.index);
    at = match.index + match[0].length;
  }
  keep(whole.length);
  return { text, places };
}
