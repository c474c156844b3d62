import type { AnswerHead } from "../http/answer-head.ts";
import type { Encoding } from "../model/manifest.ts";
import type { Held } from "./byte-cache.ts";
import type { Accepted } from "./negotiate.ts";
import type { HeaderChanges } from "./rules/headers.ts";
import type { SiteFile, Variant } from "./site.ts";
import type { SmallBlob } from "./small-blob.ts";

/** The file that a path of a host means, and what was found out about it since. */
export class KnownRoute {
  /** What the host shows is known to be this until then, as long as `news` is the caches'; milliseconds since 1970. */
  validUntil = 0;
  news = 0;
  /** What it is answered with, by what clients take. */
  ready: ReadyAnswer | undefined;

  constructor(
    /** Of the site, whose files it is one of. */
    readonly serial: number,
    readonly file: SiteFile,
    /** By the site's header rules. */
    readonly changes: HeaderChanges | undefined,
  ) {}
}

/** What clients get that take the same encodings. */
export interface ReadyAnswer {
  accepted: Accepted;
  encoding: Encoding | "identity";
  variant: Variant;
  head: AnswerHead;
  body: Held<SmallBlob> | undefined;
  next: ReadyAnswer | undefined;
}
