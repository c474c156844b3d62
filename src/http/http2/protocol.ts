/** Numbers of RFC 9113: sections 6 (frames), 7 (errors), 6.5.2 (settings). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

export const CODE = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refused: 7,
  cancel: 8,
  compression: 9,
  calm: 11,
} as const;

export type Code = (typeof CODE)[keyof typeof CODE];

export const SETTING = {
  tableSize: 1,
  enablePush: 2,
  streams: 3,
  initialWindow: 4,
  frameSize: 5,
  listSize: 6,
} as const;

export const FRAME_HEAD_BYTES = 9;
/** What either end may send when the other has not asked for more (section 6.5.2), and no end needs more. */
export const FRAME_MAX_BYTES = 16_384;
export const WINDOW_MAX_BYTES = 2 ** 31 - 1;
export const DEFAULT_WINDOW_BYTES = 65_535;
/** Of HPACK. */
export const DEFAULT_TABLE_BYTES = 4096;

/** What this end takes, and tells the other one. */
export const OWN = {
  streams: 100,
  windowBytes: 256 * 1024,
  /** For the contents of all requests together. */
  connectionWindowBytes: 1024 * 1024,
  /** Of a request's fields (section 6.5.2). */
  listBytes: 16 * 1024,
} as const;

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** What ends a connection: the other end does not keep to the protocol, or asks too much. */
export class ConnectionError extends Error {
  constructor(
    readonly code: Code,
    message: string,
  ) {
    super(message);
  }
}
