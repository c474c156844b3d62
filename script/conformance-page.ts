import { filesOf, type Group, type More, type Refusal, type Row, type Site } from "../test/conformance/case.ts";
import { TOPICS } from "../test/conformance/topics.ts";

/** docs/conformance.md: the tables of test/conformance/ in print. */
export function conformancePage(): string {
  const rows = TOPICS.flatMap(({ groups }) => groups.flatMap(({ rows }) => rows));
  const refusals = TOPICS.flatMap(({ refusals = [] }) => refusals);
  return `# Requests and answers

What the documents of Cloudflare, Netlify and Vercel and the RFCs say that a request gets, tried against a running
platform by \`script/test conformance\`: ${rows.length} requests, and ${refusals.length} sites that must not go live. Where those hosts
disagree, the source is the table of [serving](serving.md). The data lies in \`test/conformance/topics/\`.

A file's content is its path, so "200 about.html" is that file's bytes. Behind a redirect's status is its Location;
"-" is an empty body; "or" stands between what the source leaves open. \`{etag /x}\` is the ETag that \`/x\` is served with.
Every answer to a row with headers has those too. A row with "**differs**" says what Berth does instead, and why; other
differences, found by running Cloudflare's own handler beside this one, are in [differences](differences.md).

${TOPICS.map(({ title, groups, refusals: refused = [] }) => `## ${title}\n\n${[...groups.map(groupText), refusedText(refused)].filter((text) => text !== "").join("\n")}`).join("\n")}`;
}

function groupText({ site, source, rows }: Group): string {
  const lines = rows.map((row) => `| ${rowCells(row, source).join(" | ")} |`);
  return `${siteText(site)}\n\n| request | answer | source |\n| --- | --- | --- |\n${lines.join("\n")}\n`;
}

function rowCells([request, answer, more = {}]: Row, source: string): string[] {
  const asked = [
    `${code(shortened(request))}${more.isOfDeployment ? " at the deployment's own host" : ""}`,
    ...Object.entries(more.send ?? {}).map(([name, value]) => code(`${name}: ${shortened(value)}`)),
  ];
  return [asked.join("<br>"), answerText(answer, more), sourceText(more.source ?? source)];
}

function answerText(answer: string, { headers = {}, next = [], differs }: More): string {
  const [first = "", ...rest] = answer.split(" ");
  const parts = [code([first.replaceAll("|", " or "), ...rest].join(" "))];
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) parts.push(`no ${code(name)}`);
    else parts.push(code(`${name}: ${typeof value === "string" ? value : `/${value.source}/`}`));
  }
  const few = next.length > 5 ? [...next.slice(0, 1), "…", ...next.slice(-1)] : next;
  for (const answer of few) parts.push(`then ${code(answer.replaceAll("|", " or "))}`);
  if (differs !== undefined) parts.push(`**differs**: ${code(differs.answer)}. ${differs.why}`);
  return parts.join("<br>");
}

function refusedText(refusals: readonly Refusal[]): string {
  if (refusals.length === 0) return "";
  const lines = refusals.map(({ site, file, line, source }) => {
    const text = filesOf(site).find(([path]) => path === file)![1];
    return `| ${code(shortened(text))} | ${code(line === undefined ? file : `${file}:${line}`)} | ${sourceText(source)} |`;
  });
  return `Refused, with the deployment failed and the place named:\n\n| content | place | source |\n| --- | --- | --- |\n${lines.join("\n")}\n`;
}

/** The site's settings and files; those with a content of their own that is short, with it. */
function siteText({ files, settings = {}, isProtected = false }: Site): string {
  const told = Object.entries(settings).map(([name, value]) => code(`${name}=${value}`));
  const names = files.map((file) => code(typeof file === "string" ? file : file[0]));
  const rules = files.filter(
    (file) => typeof file !== "string" && /^(?:_redirects|_headers|netlify\.toml|vercel\.json)$/.test(file[0]),
  );
  const blocks = rules.map(
    (file) =>
      `\n\n${code(file[0]!)}:\n\n\`\`\`\n${String(file[1]).replaceAll("\r", "␍").replace("\uFEFF", "(byte order mark)").trimEnd()}\n\`\`\``,
  );
  return `Files: ${names.join(", ")}${told.length > 0 ? `. Settings: ${told.join(", ")}` : ""}.${isProtected ? " All hosts are protected." : ""}${blocks.join("")}`;
}

function sourceText(source: string): string {
  if (!source.startsWith("http")) return `[${source.replace(".md", "")}](${source})`;
  const { hostname, pathname, hash } = new URL(source);
  const rfc = /rfc(\d+)\.html$/.exec(pathname)?.[1];
  return `[${rfc ? `RFC ${rfc}${hash.replace("#section-", " ")}` : hostname.replace(/^(?:www|docs|developers)\./, "")}](${source})`;
}

function shortened(text: string): string {
  return text.length > 160 ? `${text.slice(0, 120)}… (${text.length} characters)` : text;
}

/** As a cell holds it: no line breaks, no bars, and invisible characters by their number. */
function code(text: string): string {
  const seen = text.replace(/[\u0000-\u001f\u007f\u0080-\u009f\uFEFF]/g, (character) =>
    character === "\n" ? "␤" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  const fence = seen.includes("`") ? "``" : "`";
  return `${fence}${seen.replaceAll("|", "\\|")}${fence}`;
}
