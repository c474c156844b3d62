import { endOf, isTokenCode } from "../characters.ts";

/** What became of bytes that were handed to a reader of content. */
export interface Taken {
  /** Of the bytes handed in; what is left belongs to the next request. */
  used: number;
  /** Parts of the content, as views of those bytes. */
  parts: Uint8Array[];
  state: "more" | "done" | "malformed" | "too-large";
}

/** Takes a request's content off a connection, piece by piece. */
export interface BodyReader {
  take(bytes: Uint8Array): Taken;
}

/** Content whose length the head told; a length beyond `maxBytes` is known before any of it is read. */
export function sizedBody(length: number): BodyReader {
  let left = length;
  return {
    take(bytes) {
      const used = Math.min(left, bytes.length);
      left -= used;
      return { used, parts: used === 0 ? [] : [bytes.subarray(0, used)], state: left === 0 ? "done" : "more" };
    },
  };
}

/** Of a chunk's size with its extensions, and of the trailers all together. */
const LINE_MAX_BYTES = 4096;
const SIZE = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;|$)/;
const [CR, LF] = [13, 10];

type Place = "size" | "data" | "data-end" | "trailer";

/**
 * Chunked content (RFC 9112 section 7.1). Extensions and trailers are read past, but have to be such; a line may be cut
 * anywhere between two calls, but ends in CR LF and nothing less.
 */
export function chunkedBody(maxBytes: number): BodyReader {
  let place: Place = "size";
  let line = "";
  let left = 0;
  let total = 0;
  let trailerBytes = 0;

  /** @returns whether the content goes on */
  const endLine = (): "more" | "done" | "malformed" | "too-large" => {
    const text = line.slice(0, -2);
    line = "";
    if (hasControls(text)) return "malformed";
    if (place === "data-end") {
      place = "size";
      return text === "" ? "more" : "malformed";
    }
    if (place === "trailer") return text === "" ? "done" : isField(text) ? "more" : "malformed";
    const size = SIZE.exec(text)?.[1];
    if (size === undefined) return "malformed";
    left = Number.parseInt(size, 16);
    total += left;
    place = left === 0 ? "trailer" : "data";
    return total > maxBytes ? "too-large" : "more";
  };

  return {
    take(bytes) {
      const parts: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; ) {
        if (place === "data") {
          const part = bytes.subarray(at, at + left);
          parts.push(part);
          at += part.length;
          left -= part.length;
          if (left === 0) place = "data-end";
          continue;
        }
        const end = bytes.indexOf(LF, at) + 1 || bytes.length;
        line += Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString("latin1");
        if (place === "trailer") trailerBytes += end - at;
        at = end;
        if (line.length > LINE_MAX_BYTES || trailerBytes > LINE_MAX_BYTES) {
          return { used: at, parts, state: "malformed" };
        }
        if (line.charCodeAt(line.length - 1) !== LF) continue;
        if (line.charCodeAt(line.length - 2) !== CR) return { used: at, parts, state: "malformed" };
        const state = endLine();
        if (state !== "more") return { used: at, parts, state };
      }
      return { used: bytes.length, parts, state: "more" };
    },
  };
}

function isField(text: string): boolean {
  const colon = endOf(isTokenCode, text, 0);
  return colon > 0 && text[colon] === ":";
}

function hasControls(text: string): boolean {
  return /[^\t\x20-\x7e\x80-\xff]/.test(text);
}
