/** Why a request is none; the connection can't go on after it. */
export interface HeadFault {
  status: 400 | 413 | 414 | 417 | 431 | 501 | 505;
  message: string;
  hint: string;
}

export const malformed = (message: string): HeadFault => ({
  status: 400,
  message,
  hint: "Send a request as HTTP/1.1 has it.",
});

export const noAddress = malformed("The request's host and target make no address.");

export const badChunks: HeadFault = {
  status: 400,
  message: "The request's content is not chunked as it says.",
  hint: "Send it again, or with its length.",
};

export const tooLarge: HeadFault = { status: 413, message: "The request's content is too large.", hint: "Send less." };

export const unexpected: HeadFault = {
  status: 417,
  message: "The request expects what this server does not do.",
  hint: "Expect nothing but 100-continue.",
};

export const tooManyFields: HeadFault = {
  status: 431,
  message: "The request's header fields are too large.",
  hint: "Send fewer or shorter ones.",
};

export const unknownCoding: HeadFault = {
  status: 501,
  message: "The request's content is in a transfer coding that is not known here.",
  hint: "Send it chunked, or with its length.",
};

export function wrongVersion(version: string): HeadFault {
  if (!/^HTTP\/[0-9]\.[0-9]$/.test(version)) return malformed("The request line does not end in a version of HTTP.");
  return { status: 505, message: "That version of HTTP is not spoken on this port.", hint: "Speak HTTP/1.1." };
}

/** @param text what came of a head that is too long */
export function tooLong(text: string): HeadFault {
  if (text.trimStart().includes("\r\n")) return tooManyFields;
  return { status: 414, message: "The request's address is too long.", hint: "Ask for a shorter one." };
}
