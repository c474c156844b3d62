import { BerthError } from "../../model/errors.ts";
import { siteBase } from "../base-path.ts";
import { isTemplate, otherGenerator } from "./generators.ts";
import { missingReferences } from "./page-references.ts";
import { foldersHint, isPageName, pagesFolder } from "./pages-folder.ts";
import type { BuildPlan, Planning } from "./plan.ts";
import { otherServer } from "./servers.ts";
import type { SourceFiles } from "./source-files.ts";

/**
 * Serves what the source holds as it is.
 * @throws BerthError `output_missing` when the folder that was asked for is not there, `framework_unknown` when there is no page,
 * or only one that a site generator would have to fill in
 */
export async function staticPlan(planning: Planning): Promise<BuildPlan> {
  const { files, root, settings, hostFiles, resolvedRoot, warnings } = planning;
  const host = hostFiles.find(({ output }) => output !== undefined);
  const asked = settings.output_directory ?? host?.output;
  const from = settings.output_directory !== undefined ? "project settings" : (host?.from ?? "detected");
  if (asked !== undefined && (asked.startsWith("..") || !files.hasFolder(files.join(root, asked)))) {
    throw new BerthError("output_missing", `The source has no folder '${asked}', which is to be published.`, {
      hint: `It comes from ${from}. Set output_directory to one of these: ${files.choicesIn(root)}.`,
    });
  }
  const output = asked ?? (await pagesFolder(files, root));
  if (output === undefined) throw await noPages(files, root);
  const folder = files.join(root, output);
  if (files.pathsBelow(folder).length === 0) {
    throw new BerthError("output_empty", `The folder '${output}' has no files.`, {
      hint: "Put the pages there, or set output_directory to the folder that has them.",
    });
  }
  if (asked === undefined && settings.framework === undefined) await refuseTemplate(files, { root, folder });
  const framework = settings.framework === undefined ? null : "static";
  return {
    kind: "static",
    root,
    output,
    framework,
    resolved: {
      root: resolvedRoot,
      framework: { value: framework, from: framework === null ? "detected" : "project settings" },
      output_directory: { value: output, from },
    },
    warnings: [...warnings, ...(await indexWarnings(files, { root, folder }))],
  };
}

async function indexWarnings(
  files: SourceFiles,
  { root, folder }: { root: string; folder: string },
): Promise<string[]> {
  const page = await files.text(folder, "index.html");
  if (page === undefined) return ["The site has no index.html at its top."];
  const has = (path: string) => files.has(folder, path);
  // What it asks for below a folder of its host is shown there too, and told of at the publishing.
  const base = siteBase({ text: page, has });
  const below = base?.host === "" ? `${base.folder}/` : undefined;
  const missing = missingReferences(
    page,
    (path) => has(path) || (below !== undefined && path.startsWith(below) && has(path.slice(below.length))),
  );
  if (missing.length === 0) return [];
  const names = missing.slice(0, 5).join(", ");
  const generator = await otherGenerator(files, root);
  return [`index.html asks for ${names}, which the source does not have.${generator ? ` ${generator}` : ""}`];
}

async function refuseTemplate(files: SourceFiles, { root, folder }: { root: string; folder: string }): Promise<void> {
  const pages = files.has(folder, "index.html") ? ["index.html"] : files.namesIn(folder).filter(isPageName);
  const texts = await Promise.all(pages.map((name) => files.text(folder, name)));
  const found = pages.find((_, at) => isTemplate(texts[at] ?? ""));
  if (found === undefined) return;
  const other = (await otherGenerator(files, folder)) ?? (await otherGenerator(files, root));
  const page = files.join(folder, found);
  throw new BerthError("framework_unknown", `'${page}' is a template that a site generator fills in, and no page.`, {
    hint: `${other ?? "No generator was found that builds here have: build it elsewhere and deploy its output folder."} To publish the files as they are, set framework=static.`,
  });
}

async function noPages(files: SourceFiles, root: string): Promise<BerthError> {
  const place = root === "." ? "The source" : `The folder '${root}'`;
  const held = files.namesIn(root).slice(0, 12).join(", ") || "nothing";
  const next = [
    otherServer(files, root)?.hint ?? (await otherGenerator(files, root)),
    foldersHint(files, root, "output_directory"),
  ].filter((sentence) => sentence !== undefined);
  if (next.length === 0) next.push("Set root or output_directory when the pages lie in a folder.");
  if (files.pathsBelow(root).some(isPageName)) next.push("output_directory=. publishes every file as it is.");
  return new BerthError("framework_unknown", `${place} has no build script and no HTML page at its top.`, {
    hint: `It holds ${held}. ${next.join(" ")}`,
  });
}
