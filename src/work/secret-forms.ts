/**
 * The ways in which programs write a value down: as it is, in JSON, in HTML, in a URL, and as a part of some base64.
 * Each form once, no empty one. Pure.
 */
export function formsOf(value: string): string[] {
  const url = encodeURIComponent(value);
  const lowerCased = url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const forms = [
    value,
    JSON.stringify(value).slice(1, -1),
    escapeHtml(value),
    ...[url, lowerCased].flatMap((form) => [form, form.replaceAll("%20", "+")]),
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
