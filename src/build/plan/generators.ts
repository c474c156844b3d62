import { isZolaSite } from "./hugo.ts";
import type { SourceFiles } from "./source-files.ts";

/** Marks of templates that no browser shows as they are meant: Jekyll's front matter, Flutter's, Trunk's, gulp-file-include's. */
const TEMPLATE = /^\uFEFF?---[ \t]*\r?\n|\$FLUTTER_BASE_HREF|<link\b[^>]*\bdata-trunk\b|(?:^|\n)[ \t]*@@include\(/;

/** Told by a file that nothing else has: programs that are no Node packages. */
const GENERATORS: [file: string, name: string][] = [
  ["_config.yml", "Jekyll"],
  ["mkdocs.yml", "MkDocs"],
  ["book.toml", "mdBook"],
  ["pelicanconf.py", "Pelican"],
  ["conf.py", "Sphinx"],
  ["docs/conf.py", "Sphinx"],
  ["_quarto.yml", "Quarto"],
];

/** Languages: less is known of what a build would make. */
const LANGUAGES: typeof GENERATORS = [
  ["pubspec.yaml", "Dart or Flutter"],
  ["Trunk.toml", "Trunk"],
  ["deno.json", "Deno"],
  ["elm.json", "Elm"],
  ["Gemfile", "Ruby"],
  ["Cargo.toml", "Rust"],
  ["go.mod", "Go"],
  ["composer.json", "PHP"],
  ["index.php", "PHP"],
  ["requirements.txt", "Python"],
  ["pyproject.toml", "Python"],
];

/** What is to be said of a folder that such a program makes a site of, or may make one of; undefined of others. */
export async function otherGenerator(files: SourceFiles, root: string): Promise<string | undefined> {
  return (await siteGenerator(files, root)) ?? saidOf(LANGUAGES.find(([file]) => files.has(root, file)));
}

/** The same of programs that make nothing but sites. */
export async function siteGenerator(files: SourceFiles, root: string): Promise<string | undefined> {
  if (isTheme(files, root)) {
    return "'theme.toml' looks like a theme for Hugo or Zola, which is no site by itself: deploy a site that uses it.";
  }
  if (await isZolaSite(files, root)) return saidOf(["config.toml", "Zola"]);
  const ofLektor = files.namesIn(root).find((name) => name.endsWith(".lektorproject"));
  if (ofLektor !== undefined) return saidOf([ofLektor, "Lektor"]);
  return hugoWithoutSite(files, root) ?? saidOf(GENERATORS.find(([file]) => files.has(root, file)));
}

/** Hugo is there, and a site of its is told by its configuration: without one it may be the wrong folder. */
function hugoWithoutSite(files: SourceFiles, root: string): string | undefined {
  const archetype = "archetypes/default.md";
  return files.has(root, archetype)
    ? `'${archetype}' looks like Hugo, and its configuration (hugo.toml) is not there: set root to its folder.`
    : undefined;
}

/** https://gohugo.io and https://www.getzola.org ask for this file in what their sites are dressed with. */
function isTheme(files: SourceFiles, root: string): boolean {
  const isDressing = ["layouts", "templates"].some((folder) => files.hasFolder(files.join(root, folder)));
  return isDressing && files.has(root, "theme.toml");
}

function saidOf(found: [file: string, name: string] | undefined): string | undefined {
  return (
    found &&
    `'${found[0]}' looks like ${found[1]}, which builds here don't have: build it elsewhere and deploy its output folder.`
  );
}

export function isTemplate(page: string): boolean {
  return TEMPLATE.test(page);
}
