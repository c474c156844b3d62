/** Status and fields of an answer, with what each version of HTTP sends for them: made once, for the first who asks. */
export class AnswerHead {
  /** HTTP/1.1: what `headText` writes. */
  lines: Uint8Array | undefined;
  /** HTTP/2: as `encodeHead` writes it. */
  block: Uint8Array | undefined;

  /** @param fields names in lower case; with the length of the content where there is one */
  constructor(
    readonly status: number,
    readonly fields: readonly (readonly [name: string, value: string])[],
  ) {}
}
