/** A header block that breaks RFC 7541; for its connection that is the error COMPRESSION_ERROR (RFC 9113 section 4.3). */
export class HpackError extends Error {}
