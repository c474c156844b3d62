import type { Encoding } from "../model/manifest.ts";

/**
 * What a handler counts: plain whole numbers that only grow, so that counting costs an addition. The tiers tell where
 * the body of a file came from, the encodings in which it went out; a 304 or a HEAD has no body and counts in neither.
 */
export class Counts {
  requests = 0;
  faults = 0;
  status2xx = 0;
  status3xx = 0;
  status4xx = 0;
  status5xx = 0;
  tierMemory = 0;
  tierDisk = 0;
  tierStore = 0;
  encodingBr = 0;
  encodingZstd = 0;
  encodingGzip = 0;
  encodingIdentity = 0;

  status(status: number): void {
    if (status < 300) this.status2xx += 1;
    else if (status < 400) this.status3xx += 1;
    else if (status < 500) this.status4xx += 1;
    else this.status5xx += 1;
  }

  encoding(encoding: Encoding | "identity"): void {
    if (encoding === "br") this.encodingBr += 1;
    else if (encoding === "identity") this.encodingIdentity += 1;
    else if (encoding === "gzip") this.encodingGzip += 1;
    else this.encodingZstd += 1;
  }
}
