import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { nanoid } from "nanoid";
import type { RunLimits, RunResult, Sandbox } from "../sandbox/sandbox.ts";

/** Where archives are made and taken apart: tar runs behind the wall, as the slot's user, on the slot's own files. */
export interface ArchivePlace {
  sandbox: Sandbox;
  slot: number;
  limits: RunLimits;
  /** For compressed archives while they are made. */
  temporaryDirectory: string;
  /** A folder of the slot, so that what is unpacked takes the build's disk space and none of the platform's. */
  spoolDirectory: string;
}

/** Of files in an archive: it lies beside them while they are unpacked. */
const unpackedMaxBytes = ({ diskBytes }: RunLimits): number => Math.floor(diskBytes / 2);
const PACK_MS = 300_000;
/** tar(5) */
const TAR_BLOCK_BYTES = 512;
/** A step of the streams: with zlib's own 16 KiB most of the time is spent between the steps. */
const CHUNK_BYTES = 256 * 1024;

const PACKING = {
  install: `find . -type d -name node_modules -prune -print0 | tar --exclude=node_modules/.cache \
--exclude=node_modules/.vite --exclude=node_modules/.astro -b 128 --null -T - -cf -`,
  work: `for folder; do if [ -d "$folder" ] && [ ! -L "$folder" ]; then printf '%s\\0' "$folder"; fi; done \
| tar --null -T - -cf -`,
};
/** What was there before stays: it is the source. */
const UNPACKING = ["tar", "--skip-old-files", "-xpf", "-"];
const CLEARING = "find . -type d -name node_modules -prune -exec rm -rf {} +";

/** @throws Error with the reason when it can't be packed, or is larger than `maxBytes` compressed */
export async function pack(
  place: ArchivePlace,
  { kind, folders, maxBytes }: { kind: keyof typeof PACKING; folders: readonly string[]; maxBytes: number },
): Promise<{ file: Blob; remove(): Promise<void> }> {
  const path = join(place.temporaryDirectory, `cache.${nanoid()}`);
  const remove = () => rm(path, { force: true });
  const abort = new AbortController();
  const tar = new PassThrough();
  let goOn = (): void => undefined;
  // A stream that was given up never drains.
  for (const event of ["drain", "close"]) tar.on(event, () => goOn());
  const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
  const written = pipeline(
    tar,
    atMost(unpackedMaxBytes(place.limits)),
    createZstdCompress({ params, chunkSize: CHUNK_BYTES }),
    atMost(maxBytes),
    createWriteStream(path, { mode: 0o600, highWaterMark: 4 * CHUNK_BYTES }),
  );
  written.catch((error: Error) => abort.abort(error));
  try {
    const result = await place.sandbox.run(["/bin/sh", "-c", PACKING[kind], "sh", ...folders], {
      ...inWork(place),
      signal: AbortSignal.any([abort.signal, AbortSignal.timeout(PACK_MS)]),
      onOutput(stream, bytes) {
        if (stream !== "stdout" || tar.destroyed || tar.write(bytes)) return;
        return new Promise((resolve) => {
          goOn = resolve;
        });
      },
    });
    if (result.exit !== 0 && !abort.signal.aborted) abort.abort(tarFault(result));
    if (abort.signal.aborted) tar.destroy();
    else tar.end();
    await written;
    return { file: Bun.file(path), remove };
  } catch (error) {
    await remove();
    throw abort.signal.reason ?? error;
  }
}

interface Unpacking {
  archive: ReadableStream<Uint8Array>;
  signal: AbortSignal;
}

/**
 * Unpacks an install while it is read: should it turn out to be damaged at its end, all of it can be removed.
 * @throws Error with the reason when it is damaged or does not fit; nothing is left then
 */
export async function unpackInstall(place: ArchivePlace, { archive, signal }: Unpacking): Promise<void> {
  const [source, decompress, content] = contentOf(place, archive);
  const read = pipeline(source, decompress, content, { signal }).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
  const options = { ...inWork(place), signal, onOutput: () => undefined };
  // What did not come so far as to be read is not waited for.
  const result = await place.sandbox.run(UNPACKING, { ...options, stdin: content }).finally(() => content.destroy());
  const fault = await read;
  if (result.exit === 0 && fault === undefined) return;
  await place.sandbox.run(["/bin/sh", "-c", CLEARING], options);
  throw fault === undefined || READER_GONE.has(fault.code ?? "") ? tarFault(result) : fault;
}

/** What a stream says whose reader ended before it. */
const READER_GONE: ReadonlySet<string> = new Set(["EPIPE", "ERR_STREAM_PREMATURE_CLOSE"]);

/**
 * Checks the whole archive before anything of it is unpacked: its folders may hold files of the source, so that what is
 * wrong could not be removed.
 * @throws Error with the reason when it is damaged or does not fit
 */
export async function unpackWork(place: ArchivePlace, { archive, signal }: Unpacking): Promise<void> {
  const path = join(place.spoolDirectory, `cache.${nanoid()}`);
  try {
    // `wx`: builds write to that folder, and nothing of theirs is followed.
    const spool = createWriteStream(path, { mode: 0o600, flags: "wx", highWaterMark: 4 * CHUNK_BYTES });
    await pipeline(...contentOf(place, archive), spool, { signal });
    await assertWhole(path);
    if (await isEmpty(path)) return;
    const options = { ...inWork(place), signal, onOutput: () => undefined };
    const result = await place.sandbox.run(UNPACKING, { ...options, stdin: path });
    if (result.exit !== 0) throw tarFault(result);
  } finally {
    await rm(path, { force: true });
  }
}

function contentOf({ limits }: ArchivePlace, archive: ReadableStream<Uint8Array>) {
  const decompress = createZstdDecompress({ chunkSize: CHUNK_BYTES });
  return [Readable.from(archive), decompress, atMost(unpackedMaxBytes(limits))] as const;
}

const tarFault = ({ cause, exit }: RunResult): Error => new Error(`tar ended by ${cause}, ${exit}`);

/** An archive's end is blocks of zeros: where there is no work, all of it is, and no sandbox has to be started for it. */
async function isEmpty(path: string): Promise<boolean> {
  return await isZeros(Bun.file(path).slice(0, TAR_BLOCK_BYTES));
}

/** A decompressor need not say that it was given a part. */
async function assertWhole(path: string): Promise<void> {
  const file = Bun.file(path);
  if (!(await isZeros(file.slice(file.size - TAR_BLOCK_BYTES)))) throw new Error("it is cut off");
}

async function isZeros(block: Blob): Promise<boolean> {
  const bytes = await block.bytes();
  return bytes.length === TAR_BLOCK_BYTES && bytes.every((byte) => byte === 0);
}

function inWork({ slot, limits }: ArchivePlace) {
  return {
    slot,
    cwd: "/work",
    env: {},
    readOnly: [],
    path: [],
    egress: "none" as const,
    limits: { ...limits, logBytes: limits.diskBytes },
  };
}

function atMost(bytes: number): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      left -= chunk.length;
      if (left < 0) done(new Error(`it is larger than ${Math.round(bytes / 1024 ** 2)} MiB`));
      else done(null, chunk);
    },
  });
}
