import { BerthError } from "../../model/errors.ts";
import { sha256 } from "../../model/ids.ts";
import type { ObjectInfo, ObjectStore, StoredObject } from "../../store/object-store.ts";

/** An object store in memory that can be taken down and that counts its reads. */
export class MemoryStore implements ObjectStore {
  readonly objects = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly reads: string[] = [];
  isDown = false;

  set(key: string, body: string | Uint8Array): void {
    this.objects.set(key, typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body));
  }

  async get(key: string, options?: { range?: { first: number; last: number } }): Promise<StoredObject | undefined> {
    this.reads.push(key);
    await Promise.resolve();
    if (this.isDown) throw new BerthError("store_unavailable", "down", { hint: "wait" });
    const whole = this.objects.get(key);
    if (whole === undefined) return undefined;
    const bytes = options?.range ? whole.slice(options.range.first, options.range.last + 1) : whole;
    const stream = () => new Blob([bytes]).stream();
    return { key, size: whole.length, etag: sha256(whole), bytes: async () => bytes, stream };
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    const found = await this.get(key);
    return found && { key, size: found.size, etag: found.etag };
  }

  put = this.unused;
  list = this.unused;
  delete = this.unused;
  async check(): Promise<void> {}
  async close(): Promise<void> {}

  private async unused(): Promise<never> {
    throw new Error("the request handler only reads");
  }
}
