/** Writes docs/settings.md, errors.md, frameworks.md and conformance.md from the tables in the code and the tests. */
import { FRAMEWORKS, NOT_BUILT } from "../src/build/plan/frameworks.ts";
import { SourceFiles } from "../src/build/plan/source-files.ts";
import { ERROR_CODES } from "../src/model/errors.ts";
import { projectSettingsSchema } from "../src/model/project.ts";
import { settingsTable } from "../src/model/settings.ts";
import { conformancePage as conformanceTables } from "./conformance-page.ts";

const GENERATED = "<!-- Written by script/reference.ts; change the code instead. -->\n\n";

export function settingsPage(): string {
  const rows = Object.entries(settingsTable).map(
    ([key, { variable, fallback, meaning }]) =>
      `| \`${variable}\` | \`${key}\` | ${fallback === null ? "" : `\`${fallback}\``} | ${meaning} |`,
  );
  const keys = Object.entries(projectSettingsSchema.shape).map(
    ([key, schema]) => `| \`${key}\` | ${schema.meta()?.description ?? schema.unwrap().meta()?.description ?? ""} |`,
  );
  return `${GENERATED}# Settings

Flags go before the environment, the environment before \`config.json\` in the data directory, that before the default.
A wrong setting, or a service that can't be reached, stops the start with an error that names the setting.

The data directory is \`--data\`, else \`BERTH_DATA\`, else \`/var/lib/berth\` for root and \`~/.local/share/berth\`
(\`$XDG_DATA_HOME/berth\`) for others. S3 takes its credentials from \`AWS_ACCESS_KEY_ID\`, \`AWS_SECRET_ACCESS_KEY\` and
\`AWS_SESSION_TOKEN\`.

| variable | in config.json | default | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}

## Settings of a project

\`berth projects set NAME KEY=VALUE…\`; an empty value takes a setting back. A change holds from the next deployment on.
\`repository=URL\` makes another repository the project's own. What its builds see is set by \`berth env\`
([variables](variables.md)).

| key | meaning |
| --- | --- |
${keys.join("\n")}
`;
}

export function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`,
  );
  return `${GENERATED}# Errors

Every failure is \`{"error":{"code","message","hint"}}\`: the code is stable, the message says what happened, the hint
what to do next. A failed deployment has the same three in its \`error\` field.

| code | HTTP | meaning |
| --- | --- | --- |
${rows.join("\n")}
`;
}

export async function frameworksPage(): Promise<string> {
  const nothing = new SourceFiles({ tree: { entries: [] }, readFile: async () => undefined });
  const site = { files: nothing, root: ".", packageJson: {}, commandText: "" };
  const rows: string[] = [];
  for (const [id, { command, outputs, hint }] of Object.entries(FRAMEWORKS).sort()) {
    const folders = (await outputs(site)).map((folder) => `\`${folder}\``).join(", ");
    rows.push(`| \`${id}\` | ${command ? `\`${command.join(" ")}\`` : "its script"} | ${folders} | ${hint ?? ""} |`);
  }
  const others = Object.entries(NOT_BUILT).map(([id, reason]) => `| \`${id}\` | ${reason}. |`);
  return `${GENERATED}# Frameworks

How a site's framework is told, and what follows from it: [builds.md](builds.md). The id is what \`framework\` shows in
\`berth inspect\`, and what the project's setting of that name takes; \`static\` serves the source as it is.

A script of package.json that builds goes before the command of the table. Of the folders, the first that the build has
written pages into is published; what a configuration file or the command names goes before them. The last column says
how a framework that can make a server makes a site of files.

| id | command without a script | output | files, not a server |
| --- | --- | --- | --- |
${rows.join("\n")}

## Known, and not built

| id | why |
| --- | --- |
${others.join("\n")}
`;
}

export function conformancePage(): string {
  return `${GENERATED.replace("the code", "test/conformance/topics")}${conformanceTables()}`;
}

if (import.meta.main) {
  await Bun.write("docs/conformance.md", conformancePage());
  await Bun.write("docs/frameworks.md", await frameworksPage());
  await Bun.write("docs/settings.md", settingsPage());
  await Bun.write("docs/errors.md", errorsPage());
}
