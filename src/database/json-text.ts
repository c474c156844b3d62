/**
 * JSON of texts that anybody may have written: PostgreSQL's jsonb takes neither a NUL nor half of a surrogate pair
 * (datatype-json), and a value that can't be kept would be tried again for ever.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "string" ? part.replaceAll("\0", "\ufffd").toWellFormed() : part,
  );
}
