import { namesIn } from "../../model/route-pattern.ts";
import type { HeaderRoute } from "../../model/routes.ts";
import { BadRule, noting, quoted, type RuleFault } from "./faults.ts";
import { headerName, headerValue } from "./header-parts.ts";
import { linesIn } from "./lines.ts";
import { parseUrlPattern } from "./url-pattern.ts";

/**
 * `_headers`: a path or URL on a line of its own, then indented lines `Name: value`, or `! Name` to take a header off.
 * https://developers.cloudflare.com/workers/static-assets/headers/
 * https://docs.netlify.com/manage/routing/headers/#syntax-for-the-_headers-file
 */
export function parseHeadersFile(text: string, file: string, faults: RuleFault[]): HeaderRoute[] {
  const routes: HeaderRoute[] = [];
  let block: HeaderRoute | undefined;
  // Below a line that can't be read as a path, headers have nowhere to go; one fault is enough to say so.
  let isLost = false;
  const end = () => {
    if (block === undefined) return;
    if (block.headers.length > 0) routes.push(block);
    else faults.push({ ...block.origin, reason: "no header follows this path", isHarmless: true });
  };
  for (const { text: content, line } of linesIn(text, file, faults)) {
    if (content === "" || content.startsWith("#")) continue;
    const origin = { file, line };
    if (/^(?:\/|https?:\/\/)/i.test(content)) {
      end();
      // No path holds a blank and a '#' behind it: what follows is a comment, and taken for a path it would match nothing.
      const path = content.replace(/\s#.*$/, "").trimEnd();
      block = noting(faults, origin, () => ({ ...patternOf(path), headers: [], joins: true, origin }));
      isLost = block === undefined;
      continue;
    }
    if (isLost) continue;
    noting(faults, origin, () => {
      if (block === undefined) throw new BadRule(`${quoted(content)} stands below no path`);
      block.headers.push(headerOf(content, block));
    });
  }
  end();
  return routes;
}

function patternOf(content: string): ReturnType<typeof parseUrlPattern> {
  if (/^http:/i.test(content))
    throw new BadRule(`${quoted(content)} has to begin with https://, and holds for http too`);
  return parseUrlPattern(content);
}

function headerOf(content: string, { path, host }: HeaderRoute): HeaderRoute["headers"][number] {
  if (content.startsWith("!")) {
    const name = content.slice(1).trim().replace(/:$/, "");
    return [headerName(name), null];
  }
  const colon = content.indexOf(":");
  if (colon === -1) throw new BadRule(`${quoted(content)} has no ':' between a name and a value`);
  const value = content.slice(colon + 1).trim();
  const name = headerName(content.slice(0, colon).trim());
  if (value === "") throw new BadRule(`the header ${quoted(content.slice(0, colon).trim())} has no value`);
  return [name, headerValue(value, new Set([...namesIn(path), ...namesIn(host ?? [])]))];
}
