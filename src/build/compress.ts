import type { Compression } from "../model/manifest.ts";
import type { Variants } from "./compress-here.ts";
import type { Order } from "./compress-worker.ts";

/** Endings of files that are made of text, or packed little; what is packed already gains nothing. */
const COMPRESSIBLE = new Set([
  ...["html", "htm", "xhtml", "css", "js", "mjs", "cjs", "json", "jsonld", "geojson", "map", "webmanifest", "wasm"],
  ...["svg", "xml", "rss", "atom", "txt", "md", "csv", "tsv", "ics", "vtt", "srt", "yaml", "yml", "toml"],
  ...["ico", "bmp", "ttf", "otf", "eot", "ts", "tsx", "jsx", "glb", "gltf"],
]);
const MIN_BYTES = 256;
const MAX_BYTES = 32 * 1024 * 1024;
/** The strong thread is one of its own: what stands before going live never waits for it. */
const THREADS: Record<Compression, number> = { quick: 2, strong: 1 };
const IDLE_MS = 5_000;

export function compressible(path: string, sizeBytes: number): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const ending = name.includes(".") ? name.slice(name.lastIndexOf(".") + 1).toLowerCase() : "";
  return sizeBytes >= MIN_BYTES && sizeBytes <= MAX_BYTES && COMPRESSIBLE.has(ending);
}

/**
 * Compresses on threads of its own, which run behind everything else of this process: publishing a large site must not
 * slow down the sites that are served meanwhile.
 */
export async function compressVariants(bytes: Uint8Array, compression: Compression): Promise<Variants> {
  if (bytes.byteLength < MIN_BYTES || bytes.byteLength > MAX_BYTES) return {};
  const pool = pools[compression];
  const worker = await pool.take();
  try {
    const variants = await new Promise<Variants>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Variants>) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(`compressing failed: ${message}`));
      worker.postMessage({ bytes, compression } satisfies Order);
    });
    pool.giveBack(worker);
    return variants;
  } catch (error) {
    worker.terminate();
    pool.giveBack(newWorker());
    throw error;
  }
}

/** Threads that are started when they are needed and end when they are not. */
class ThreadPool {
  private readonly idle: Worker[] = [];
  private readonly waiting: ((worker: Worker) => void)[] = [];
  private threads = 0;
  private rest: Timer | undefined;

  constructor(private readonly most: number) {}

  take(): Worker | Promise<Worker> {
    clearTimeout(this.rest);
    const free = this.idle.pop();
    if (free !== undefined) return free;
    if (this.threads >= this.most) return new Promise((resolve) => this.waiting.push(resolve));
    this.threads += 1;
    return newWorker();
  }

  giveBack(worker: Worker): void {
    const next = this.waiting.shift();
    if (next !== undefined) {
      next(worker);
      return;
    }
    this.idle.push(worker);
    if (this.idle.length < this.threads) return;
    this.rest = setTimeout(() => {
      for (const quiet of this.idle.splice(0)) quiet.terminate();
      this.threads = 0;
    }, IDLE_MS);
    this.rest.unref();
  }
}

const pools: Record<Compression, ThreadPool> = {
  quick: new ThreadPool(THREADS.quick),
  strong: new ThreadPool(THREADS.strong),
};

function newWorker(): Worker {
  return new Worker(new URL("./compress-worker.ts", import.meta.url), { ref: false });
}
