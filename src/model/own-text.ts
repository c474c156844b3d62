/**
 * The same text in memory of its own. A part cut out of a longer text holds on to all of it, so what is kept for long
 * must not be such a part.
 */
export const ownText = (text: string): string => Buffer.from(text, "utf16le").toString("utf16le");
