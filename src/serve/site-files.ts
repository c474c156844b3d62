import type { ManifestEntry } from "../model/manifest.ts";
import type { ManifestFiles } from "../model/manifest-files.ts";

/** How many ready files all sites keep together; each takes some 3 KB with its headers. */
const READY_MAX = 2_048;

/** The files of one site: by path to their numbers, and by number made ready when they are answered with. */
export class SiteFiles<File> {
  private readonly ready = new Map<number, Ready<File>>();

  constructor(
    private readonly files: ManifestFiles,
    private readonly make: (path: string, entry: ManifestEntry) => File,
  ) {}

  has(path: string): boolean {
    return this.files.find(path) !== -1;
  }

  /** The number of the file at `path`. */
  get(path: string): number | undefined {
    const number = this.files.find(path);
    return number === -1 ? undefined : number;
  }

  pathAt(number: number): string {
    return `/${this.files.pathAt(number)}`;
  }

  at(number: number): File {
    const known = this.ready.get(number);
    if (known !== undefined) {
      known.isUsed = true;
      return known.file;
    }
    const file = this.make(this.files.pathAt(number), this.files.entryAt(number));
    keep({ file, number, shelf: this.ready, isUsed: false });
    return file;
  }
}

interface Ready<File = unknown> {
  file: File;
  number: number;
  /** Where it is kept; nothing here holds on to a site that the handler has let go of. */
  shelf: Map<number, Ready<File>>;
  isUsed: boolean;
}

/** All that is ready, of all sites, in a ring: a second chance for what was used since the hand passed it. */
const ring: Ready[] = [];
let hand = 0;

function keep<File>(added: Ready<File>): void {
  added.shelf.set(added.number, added);
  if (ring.length < READY_MAX) {
    ring.push(added as Ready);
    return;
  }
  for (; ring[hand]!.isUsed; hand = (hand + 1) % READY_MAX) ring[hand]!.isUsed = false;
  const dropped = ring[hand]!;
  dropped.shelf.delete(dropped.number);
  ring[hand] = added as Ready;
  hand = (hand + 1) % READY_MAX;
}
