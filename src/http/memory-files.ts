import type { Body } from "./body.ts";
import { MemoryFile } from "./memory-file.ts";

/** Up to here a copy costs no more than the kernel's work on pages. */
const COPIED_MAX_BYTES = 32 * 1024;

/** Each is a descriptor of the process. */
const FILES_MAX = 128;
/** Of so many long bodies one may get a file: to make one costs as much as to copy the body a few times. */
const SENDS_PER_FILE = 32;

interface Entry {
  file: MemoryFile;
  /** Since it was last in line for removal. */
  isUsed: boolean;
}

/** Files of the long bodies that are sent again and again; they hold those bytes a second time, within a bound. */
export class MemoryFiles {
  private readonly entries = new Map<Body, Entry>();
  /** Sent once at least. */
  private readonly sent = new WeakSet<Body>();
  private sends = 0;
  private bytes = 0;

  constructor(private readonly limitBytes: number) {}

  /**
   * Makes a file now and then, for what is sent at least the second time. When there is no room, the one longest there
   * goes unless it was sent meanwhile: that is asked of one at a time, so what is sent seldom does not take the place of
   * what is sent often.
   * @returns undefined for bytes to be written
   */
  fileOf(body: Body): MemoryFile | undefined {
    if (body.length <= COPIED_MAX_BYTES) return undefined;
    this.sends += 1;
    const known = this.entries.get(body);
    if (known !== undefined) {
      known.isUsed = true;
      return known.file;
    }
    if (!this.sent.has(body)) {
      this.sent.add(body);
      return undefined;
    }
    if (this.sends < SENDS_PER_FILE) return undefined;
    this.sends = 0;
    if (!this.hasRoom(body.length)) return undefined;
    const file = MemoryFile.of(body.bytes);
    if (file === undefined) return undefined;
    this.entries.set(body, { file, isUsed: false });
    this.bytes += body.length;
    return file;
  }

  private hasRoom(length: number): boolean {
    if (length > this.limitBytes) return false;
    while (this.bytes + length > this.limitBytes || this.entries.size >= FILES_MAX) {
      const [oldest, entry] = this.entries.entries().next().value!;
      this.entries.delete(oldest);
      if (entry.isUsed) {
        entry.isUsed = false;
        this.entries.set(oldest, entry);
        return false;
      }
      entry.file.close();
      this.bytes -= oldest.length;
    }
    return true;
  }

  /** Closes all of them. */
  clear(): void {
    for (const { file } of this.entries.values()) file.close();
    this.entries.clear();
    this.bytes = 0;
  }
}
