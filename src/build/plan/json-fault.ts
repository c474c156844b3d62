/**
 * Where a text stops being JSON (RFC 8259), which the runtime's own parser does not say.
 * @returns line and column, both from 1, of the first character that can't stand there; undefined when the text is fine
 */
export function findJsonFault(text: string): { line: number; column: number } | undefined {
  const offset = new Scanner(text).firstFault();
  if (offset === undefined) return undefined;
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const KEY = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/** Keeps its own stack of open brackets: a deeply nested text must not use up the program's. */
class Scanner {
  private at = 0;
  private readonly open: ("{" | "[")[] = [];

  constructor(private readonly text: string) {}

  firstFault(): number | undefined {
    let expectsValue = true;
    this.skip(SPACE);
    for (;;) {
      if (expectsValue) {
        const bracket = this.text[this.at];
        if (bracket === "{" || bracket === "[") {
          this.at += 1;
          this.skip(SPACE);
          if (this.text[this.at] === (bracket === "{" ? "}" : "]")) this.at += 1;
          else {
            this.open.push(bracket);
            if (bracket === "{" && !this.skipKey()) return this.at;
            continue;
          }
        } else if (!this.skip(SCALAR)) return this.at;
      }
      this.skip(SPACE);
      const around = this.open.at(-1);
      if (around === undefined) return this.at === this.text.length ? undefined : this.at;
      expectsValue = this.text[this.at] === ",";
      if (!expectsValue && this.text[this.at] !== (around === "{" ? "}" : "]")) return this.at;
      this.at += 1;
      this.skip(SPACE);
      if (!expectsValue) this.open.pop();
      else if (around === "{" && !this.skipKey()) return this.at;
    }
  }

  private skipKey(): boolean {
    if (!this.skip(KEY)) return false;
    this.skip(SPACE);
    if (this.text[this.at] !== ":") return false;
    this.at += 1;
    this.skip(SPACE);
    return true;
  }

  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    this.at += match?.[0].length ?? 0;
    return match !== null;
  }
}
