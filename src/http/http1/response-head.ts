import { STATUS_CODES } from "node:http";

/**
 * Status line and fields as they are sent, each with its CR LF, without Date and without the empty line at the end.
 * @param fields names with values that a response may have; those about the connection are the connection's own
 */
export function headText(status: number, fields: Iterable<readonly [name: string, value: string]>): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  for (const [name, value] of fields) if (!OWN_FIELDS.has(name)) text += `${name}: ${value}\r\n`;
  return text;
}

const OWN_FIELDS = new Set(["connection", "keep-alive", "transfer-encoding", "date"]);

let second = -1;
let line = "";

/** The Date field (RFC 9110 section 6.6.1), written anew once a second. */
export function dateLine(nowMs: number): string {
  const now = Math.floor(nowMs / 1000);
  if (now !== second) {
    second = now;
    line = `date: ${new Date(now * 1000).toUTCString()}\r\n`;
  }
  return line;
}
