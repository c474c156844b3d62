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

/** The same in bytes. @param more fields behind the others */
export function linesOf(status: number, fields: Iterable<readonly [name: string, value: string]>, more = ""): Buffer {
  return Buffer.from(headText(status, fields) + more, "latin1");
}

const OWN_FIELDS = new Set(["connection", "keep-alive", "transfer-encoding", "date"]);

let second = -1;
let lines: Uint8Array = new Uint8Array();

/** The Date field (RFC 9110 section 6.6.1), written anew once a second, and the empty line behind all fields. */
export function dateLines(nowMs: number): Uint8Array {
  const now = Math.floor(nowMs / 1000);
  if (now !== second) {
    second = now;
    lines = Buffer.from(`date: ${new Date(now * 1000).toUTCString()}\r\n\r\n`, "latin1");
  }
  return lines;
}
