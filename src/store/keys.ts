/**
 * Refuses a key that the stores don't share: they are `/`-separated ASCII of `[A-Za-z0-9._-]`, at most 1,024 bytes,
 * and no part is empty, begins with a dot or is longer than a file name may be.
 * @throws RangeError for a key that is a bug of the caller
 */
export function assertKey(key: string): string {
  if (!isKey(key)) throw new RangeError(`'${key}' can't be the key of an object`);
  return key;
}

export function isKey(text: string): boolean {
  return text.length <= 1024 && text.split("/").every((part) => /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}$/.test(part));
}

/** A prefix is the beginning of a key and may end anywhere. */
export function assertPrefix(prefix: string): string {
  if (prefix !== "") assertKey(prefix.endsWith("/") ? `${prefix}x` : prefix);
  return prefix;
}
