/**
 * The ways in which programs write a value down: as it is, in JSON, in HTML, in a URL, in hexadecimal digits, and as a
 * part of some base64.
 * Each form once, no empty one. Pure.
 */
export function formsOf(value: string): string[] {
  const url = encodeURIComponent(value);
  const hex = Buffer.from(value).toString("hex");
  const lowerCased = url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const forms = [
    value,
    JSON.stringify(value).slice(1, -1),
    escapeHtml(value),
    ...[url, lowerCased].flatMap((form) => [form, form.replaceAll("%20", "+")]),
    ...[hex, hex.toUpperCase()],
    ...base64Forms(value),
  ];
  return [...new Set(forms)].filter((form) => form !== "");
}

function escapeHtml(value: string): string {
  const escaped: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return value.replace(/[&<>"']/g, (character) => escaped[character]!);
}

/**
 * Base64 (RFC 4648) writes three bytes as four characters, so a value within something longer has three forms, by
 * where it begins. Characters that its neighbours have a part in are left out. Both alphabets.
 */
export function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const own = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.byteLength) * 8) / 6));
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** RFC 7468 (PEM) and RFC 2045 (MIME, base64(1)): where base64 is broken into lines. */
const BASE64_LINES = [64, 76];

/** The lines of a value's base64, of the value alone, in both widths and both alphabets. */
export function base64Lines(value: string): string[] {
  const [plain = "", forUrls = ""] = base64Forms(value);
  return [plain, forUrls].flatMap((form) =>
    BASE64_LINES.flatMap((width) => form.match(new RegExp(`.{1,${width}}`, "g")) ?? []),
  );
}
