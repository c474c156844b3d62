const [SPACE, TAB, DELETE] = [32, 9, 127];

/** Of a field name or a method (RFC 9110 section 5.6.2). */
export const isTokenCode = tableOf((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)));
/** Of a field value (RFC 9110 section 5.5), bytes beyond ASCII included. */
export const isValueCode = tableOf((code) => code === TAB || (code >= SPACE && code !== DELETE));
/** Bytes beyond ASCII are no part of a URI, but some clients send a path without escaping it. */
export const isTargetCode = tableOf((code) => code > SPACE && code !== DELETE);

/** @returns where the first character is that is not in the table; to look beyond the end is right, but slow */
export function endOf(table: Uint8Array, text: string, from: number): number {
  let at = from;
  // Past the end there is NaN, which is in no table.
  while (table[text.charCodeAt(at)] === 1) at += 1;
  return at;
}

export function isAllOf(table: Uint8Array, text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (table[text.charCodeAt(at)] !== 1) return false;
  return true;
}

export function tableOf(isMember: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (isMember(code) ? 1 : 0));
}
