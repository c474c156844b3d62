/** The highest weight among the media ranges of that form in an Accept header (RFC 9110 section 12.5.1), if there is one. */
export function weightOf(accept: string, form: RegExp): number | undefined {
  let highest: number | undefined;
  for (const part of accept.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    if (!form.test(name)) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    highest = Math.max(highest ?? 0, weight === undefined ? 1 : Number(weight.slice(2)) || 0);
  }
  return highest;
}

/** The most exact range that holds HTML decides: refused by name, it is not taken as one of all types either. */
export function takesHtml(accept: string): boolean {
  const weights = HTML.map((form) => weightOf(accept, form));
  return (weights.find((weight) => weight !== undefined) ?? 0) > 0;
}

const HTML = [/^(?:text\/html|application\/xhtml\+xml)$/, /^text\/\*$/, /^\*\/\*$/];
