import { HpackError } from "./hpack-error.ts";
import { huffmanDecode } from "./huffman.ts";
import { STATIC_TABLE } from "./static-table.ts";

export interface DecodedFields {
  /** In the order of the block, names as they came; latin1. Without those from the first on that was too much. */
  fields: [name: string, value: string][];
  /** Whether the list is larger than `listMaxBytes` or longer than 200 fields. */
  isTooLarge: boolean;
}

const FIELDS_MAX = 200;
const INTEGER_MAX = 2 ** 28;
const CONTINUATIONS_MAX = 5;
const UPDATES_MAX = 2;
/** What an entry or a field counts beside its strings (RFC 7541 section 4.1, RFC 9113 section 6.5.2). */
const OVERHEAD_BYTES = 32;
/** The size of a table before any setting (RFC 9113 section 6.5.2). */
const TABLE_START_BYTES = 4096;
const NOTHING: Buffer = Buffer.alloc(0);
const STATIC_NAMES = STATIC_TABLE.map(([name]) => name);
const STATIC_VALUES = STATIC_TABLE.map(([, value]) => value);

/** Reads the header blocks of one connection's peer, each of them and in their order, since they share a table (RFC 7541). */
export class HpackDecoder {
  private block = NOTHING;
  private at = 0;

  private readonly tableMaxBytes: number;
  private readonly listMaxBytes: number;
  private readonly table: DynamicTable;

  /**
   * `tableMaxBytes` is what the peer was told as SETTINGS_HEADER_TABLE_SIZE. The table begins at the protocol's 4096
   * bytes, or at `tableMaxBytes` if that is less; a peer that does not know that yet would fall out of step.
   */
  constructor(options: { tableMaxBytes: number; listMaxBytes: number }) {
    this.tableMaxBytes = options.tableMaxBytes;
    this.listMaxBytes = options.listMaxBytes;
    this.table = new DynamicTable(options.tableMaxBytes);
  }

  /**
   * Decodes one whole block. One that is too large is decoded to its end all the same, to keep the table in step.
   * @throws HpackError when the block breaks RFC 7541; the decoder is of no use after it
   */
  decode(block: Uint8Array): DecodedFields {
    this.block = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    this.at = 0;
    try {
      this.sizeUpdates();
      return this.fieldList();
    } finally {
      this.block = NOTHING;
    }
  }

  private sizeUpdates(): void {
    for (let count = 0; (this.block[this.at]! & 0xe0) === 0x20; count += 1) {
      if (count === UPDATES_MAX) throw new HpackError("a block begins with more than two table size updates");
      const maxBytes = this.integer(0x1f);
      if (maxBytes > this.tableMaxBytes) throw new HpackError("a table size update goes beyond the setting");
      this.table.resize(maxBytes);
    }
  }

  private fieldList(): DecodedFields {
    const { block, table } = this;
    const fields: [name: string, value: string][] = [];
    let listBytes = 0;
    let isTooLarge = false;
    while (this.at < block.length) {
      const first = block[this.at]!;
      let name: string;
      let value: string;
      if (first & 0x80) {
        const index = this.integer(0x7f);
        name = this.nameAt(index);
        value = index <= STATIC_VALUES.length ? STATIC_VALUES[index - 1]! : table.value(index - STATIC_VALUES.length);
      } else {
        const isIndexed = (first & 0x40) !== 0;
        if (!isIndexed && first & 0x20) throw new HpackError("a table size update follows a field");
        const index = this.integer(isIndexed ? 0x3f : 0x0f);
        name = index === 0 ? this.string() : this.nameAt(index);
        value = this.string();
        if (isIndexed) table.add(name, value);
      }
      listBytes += name.length + value.length + OVERHEAD_BYTES;
      if (listBytes > this.listMaxBytes || fields.length === FIELDS_MAX) isTooLarge = true;
      if (!isTooLarge) fields.push([name, value]);
    }
    return { fields, isTooLarge };
  }

  private nameAt(index: number): string {
    if (index === 0) throw new HpackError("index 0 stands for no field");
    if (index <= STATIC_NAMES.length) return STATIC_NAMES[index - 1]!;
    const age = index - STATIC_NAMES.length;
    if (age > this.table.count) throw new HpackError("an index goes beyond the tables");
    return this.table.name(age);
  }

  /** RFC 7541 section 5.1; `prefix` is the mask of the first byte's bits, and the most that they say alone. */
  private integer(prefix: number): number {
    const { block } = this;
    let value = block[this.at++]! & prefix;
    if (value < prefix) return value;
    for (let count = 0; ; count += 1) {
      if (this.at >= block.length) throw new HpackError("a block ends within an integer");
      if (count === CONTINUATIONS_MAX) throw new HpackError("an integer is too long");
      const byte = block[this.at++]!;
      value += (byte & 0x7f) * 2 ** (7 * count);
      if (value > INTEGER_MAX) throw new HpackError("an integer is too large");
      if (byte < 0x80) return value;
    }
  }

  /** RFC 7541 section 5.2. */
  private string(): string {
    if (this.at >= this.block.length) throw new HpackError("a block ends before a string");
    const isHuffman = this.block[this.at]! >= 0x80;
    const sizeBytes = this.integer(0x7f);
    const from = this.at;
    const to = from + sizeBytes;
    if (to > this.block.length) throw new HpackError("a block ends within a string");
    this.at = to;
    return isHuffman ? huffmanDecode(this.block, from, to) : this.block.toString("latin1", from, to);
  }
}

/** RFC 7541 section 2.3.2, as a ring. An age of 1 is the newest entry; ages are not checked here. */
class DynamicTable {
  count = 0;
  private readonly names: string[] = [];
  private readonly values: string[] = [];
  /** Less 1, the number of slots: a power of two, for as many entries as the bytes allow. */
  private readonly mask: number;
  private next = 0;
  private bytes = 0;
  private maxBytes: number;

  constructor(tableMaxBytes: number) {
    const mostEntries = Math.max(1, Math.floor(tableMaxBytes / OVERHEAD_BYTES));
    this.mask = 2 ** Math.ceil(Math.log2(mostEntries)) - 1;
    this.maxBytes = Math.min(TABLE_START_BYTES, tableMaxBytes);
  }

  name(age: number): string {
    return this.names[(this.next - age) & this.mask]!;
  }

  value(age: number): string {
    return this.values[(this.next - age) & this.mask]!;
  }

  /** An entry that is larger than the table empties it (section 4.4). */
  add(name: string, value: string): void {
    const sizeBytes = name.length + value.length + OVERHEAD_BYTES;
    this.evictTo(this.maxBytes - sizeBytes);
    if (sizeBytes > this.maxBytes) return;
    this.names[this.next] = name;
    this.values[this.next] = value;
    this.next = (this.next + 1) & this.mask;
    this.bytes += sizeBytes;
    this.count += 1;
  }

  resize(maxBytes: number): void {
    this.maxBytes = maxBytes;
    this.evictTo(maxBytes);
  }

  private evictTo(maxBytes: number): void {
    while (this.bytes > maxBytes && this.count > 0) {
      const oldest = (this.next - this.count) & this.mask;
      this.bytes -= this.names[oldest]!.length + this.values[oldest]!.length + OVERHEAD_BYTES;
      // So that the strings can be freed.
      this.names[oldest] = "";
      this.values[oldest] = "";
      this.count -= 1;
    }
  }
}
