import { MemoryFiles } from "./memory-files.ts";
import { QuickerWay } from "./quicker-way.ts";

/** How long bodies are sent on connections that are not encrypted. */
export interface Sharing {
  files: MemoryFiles;
  /** Between `SHARE` and copying: with a memory and a network of its own each machine differs in which takes less time. */
  way: Pick<QuickerWay, "next" | "took">;
}

export const SHARE = 0;

/** Of all connections. */
export const sharing: Sharing = { files: new MemoryFiles(16 * 1024 * 1024), way: new QuickerWay() };
