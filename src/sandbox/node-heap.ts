/** The rest is for what Node keeps beside its heap, and for the processes around it. */
const SHARE_OF_MEMORY = 0.8;

/**
 * Node takes the machine's memory for its own, lets its heap grow by that measure, and is killed where it would only have
 * had to collect. With this bound it collects in time.
 * @returns an option of Node's, for NODE_OPTIONS (nodejs.org/api/cli.html, --max-old-space-size, in MiB)
 */
export const heapOption = (memoryBytes: number): string =>
  `--max-old-space-size=${Math.floor((memoryBytes * SHARE_OF_MEMORY) / 1024 ** 2)}`;
