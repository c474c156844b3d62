const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
/** RFC 9849: the name outside says nothing of the one inside. */
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;
/** RFC 8446 section 5.1, with what TLS 1.2 lets a record have beside. */
const RECORD_MAX_BYTES = 16_384 + 2048;

/**
 * Whom the first bytes of a TLS connection (RFC 8446 section 4.1.2) are for: RFC 6066's server name in lower case, null
 * without one. @returns `more` while they are no whole greeting, undefined when they are none, or one that hides its name
 */
export function serverNameIn(bytes: Buffer): { name: string | null } | "more" | undefined {
  const fragments: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== HANDSHAKE) return undefined;
    if (at + 5 > bytes.length) return "more";
    const length = bytes.readUInt16BE(at + 3);
    if (bytes[at + 1] !== 3 || length === 0 || length > RECORD_MAX_BYTES) return undefined;
    fragments.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const handshake = Buffer.concat(fragments);
  if (handshake.length > 0 && handshake[0] !== CLIENT_HELLO) return undefined;
  if (handshake.length < 4) return "more";
  const end = 4 + handshake.readUIntBE(1, 3);
  return handshake.length < end ? "more" : readName(handshake.subarray(4, end));
}

function readName(hello: Buffer): { name: string | null } | undefined {
  try {
    const fields = new Fields(hello);
    fields.skip(2 + 32);
    for (const lengthBytes of [1, 2, 1]) fields.vector(lengthBytes);
    const names: string[] = [];
    for (const extensions = fields.vector(2); !extensions.isOver; ) {
      const type = extensions.number(2);
      const content = extensions.vector(2);
      if (type === ENCRYPTED_CLIENT_HELLO) return undefined;
      if (type !== SERVER_NAME) continue;
      for (const list = content.vector(2); !list.isOver; ) {
        if (list.number(1) !== HOST_NAME) return undefined;
        names.push(list.vector(2).text().toLowerCase());
      }
    }
    return names.length > 1 ? undefined : { name: names[0] ?? null };
  } catch {
    // It ends before one of its lengths says.
    return undefined;
  }
}

class Fields {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isOver(): boolean {
    return this.at === this.bytes.length;
  }

  number(size: number): number {
    const value = this.bytes.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }

  skip(size: number): void {
    this.at += size;
    if (this.at > this.bytes.length) throw new RangeError("too short");
  }

  /** What stands behind its length. */
  vector(lengthBytes: number): Fields {
    const length = this.number(lengthBytes);
    const start = this.at;
    this.skip(length);
    return new Fields(this.bytes.subarray(start, this.at));
  }

  text(): string {
    return this.bytes.toString("latin1");
  }
}
