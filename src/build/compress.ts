import type { Variants } from "./compress-here.ts";

/** Endings of files that are made of text, or packed little; what is packed already gains nothing. */
const COMPRESSIBLE = new Set([
  ...["html", "htm", "xhtml", "css", "js", "mjs", "cjs", "json", "jsonld", "geojson", "map", "webmanifest", "wasm"],
  ...["svg", "xml", "rss", "atom", "txt", "md", "csv", "tsv", "ics", "vtt", "srt", "yaml", "yml", "toml"],
  ...["ico", "bmp", "ttf", "otf", "eot", "ts", "tsx", "jsx", "glb", "gltf"],
]);
const MIN_BYTES = 256;
const MAX_BYTES = 32 * 1024 * 1024;
const THREADS = 2;
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
export async function compressVariants(bytes: Uint8Array): Promise<Variants> {
  if (bytes.byteLength < MIN_BYTES || bytes.byteLength > MAX_BYTES) return {};
  const worker = await takeWorker();
  try {
    const variants = await new Promise<Variants>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Variants>) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(`compressing failed: ${message}`));
      worker.postMessage(bytes);
    });
    giveBack(worker);
    return variants;
  } catch (error) {
    worker.terminate();
    giveBack(newWorker());
    throw error;
  }
}

const idle: Worker[] = [];
const waiting: ((worker: Worker) => void)[] = [];
let threads = 0;
let rest: Timer | undefined;

function takeWorker(): Worker | Promise<Worker> {
  clearTimeout(rest);
  const free = idle.pop();
  if (free !== undefined) return free;
  if (threads >= THREADS) return new Promise((resolve) => waiting.push(resolve));
  threads += 1;
  return newWorker();
}

function newWorker(): Worker {
  return new Worker(new URL("./compress-worker.ts", import.meta.url), { ref: false });
}

function giveBack(worker: Worker): void {
  const next = waiting.shift();
  if (next !== undefined) {
    next(worker);
    return;
  }
  idle.push(worker);
  if (idle.length < threads) return;
  rest = setTimeout(() => {
    for (const quiet of idle.splice(0)) quiet.terminate();
    threads = 0;
  }, IDLE_MS);
  rest.unref();
}
