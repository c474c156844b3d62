import { BerthError } from "../../model/errors.ts";
import type { BuildPlan, Planning } from "./plan.ts";
import type { SourceFiles } from "./source-files.ts";

/**
 * Serves what the source holds as it is.
 * @throws BerthError `output_missing` when the folder that was asked for is not there, `framework_unknown` when there is no page
 */
export function staticPlan({ files, root, settings, hostFiles, resolvedRoot, warnings }: Planning): BuildPlan {
  const host = hostFiles.find(({ output }) => output !== undefined);
  const asked = settings.output_directory ?? host?.output;
  const from = settings.output_directory !== undefined ? "project settings" : (host?.from ?? "detected");
  if (asked !== undefined && (asked.startsWith("..") || !files.hasFolder(files.join(root, asked)))) {
    throw new BerthError("output_missing", `The source has no folder '${asked}', which is to be published.`, {
      hint: `It comes from ${from}. Set output_directory to one of: ${[".", ...files.foldersIn(root)].slice(0, 12).join(", ")}.`,
    });
  }
  const output = asked ?? pagesFolder(files, root);
  if (output === undefined) throw noPages(files, root);
  const folder = files.join(root, output);
  if (files.pathsBelow(folder).length === 0) {
    throw new BerthError("output_empty", `The folder '${output}' has no files.`, {
      hint: "Put the pages there, or set output_directory to the folder that has them.",
    });
  }
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
    warnings: files.has(folder, "index.html") ? warnings : [...warnings, "The site has no index.html at its top."],
  };
}

const USUAL = ["public", "dist", "build", "out", "site", "www", "html", "htdocs", "_site", "static", "src", "docs"];

/** The root when it has an index page; else the one usual folder that has one; else the root if it has any page. */
export function pagesFolder(files: SourceFiles, root: string): string | undefined {
  if (files.has(root, "index.html")) return ".";
  const withIndex = USUAL.filter((folder) => files.has(files.join(root, folder), "index.html"));
  if (withIndex.length === 1) return withIndex[0];
  return files.namesIn(root).some((name) => /\.html?$/i.test(name) && files.has(root, name)) ? "." : undefined;
}

/** Told by a file that nothing else has: site generators that are no Node packages. */
const OTHER_GENERATORS: [file: string, name: string][] = [
  ["hugo.toml", "Hugo"],
  ["hugo.yaml", "Hugo"],
  ["archetypes/default.md", "Hugo"],
  ["Gemfile", "Jekyll or another Ruby program"],
  ["_config.yml", "Jekyll"],
  ["mkdocs.yml", "MkDocs"],
  ["book.toml", "mdBook"],
  ["pelicanconf.py", "Pelican"],
  ["pubspec.yaml", "Dart or Flutter"],
];

function noPages(files: SourceFiles, root: string): BerthError {
  const other = OTHER_GENERATORS.find(([file]) => files.has(root, file));
  const place = root === "." ? "The source" : `The folder '${root}'`;
  const withIndex = USUAL.filter((folder) => files.has(files.join(root, folder), "index.html"));
  const held = files.namesIn(root).slice(0, 12).join(", ") || "nothing";
  const next = other
    ? `'${other[0]}' looks like ${other[1]}, which builds here don't have: build it elsewhere and deploy its output folder.`
    : withIndex.length > 1
      ? `Several folders have an index.html: set output_directory to one of ${withIndex.join(", ")}.`
      : "Set root or output_directory when the pages lie in a folder.";
  return new BerthError("framework_unknown", `${place} has no build script and no HTML page at its top.`, {
    hint: `It holds ${held}. ${next}`,
  });
}
