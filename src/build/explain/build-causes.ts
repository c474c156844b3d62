import { type Explain, name, told } from "./cause.ts";
import { HUGO_CAUSES } from "./hugo-causes.ts";

const CHECK_PATH =
  "Check the path: letter case counts on Linux, and the file must be committed, or written by an earlier step.";

function missingModule(wanted: string, importer: string | undefined): ReturnType<Explain> {
  const from = importer === undefined ? "" : `, which ${name(importer)} imports,`;
  const isFile = /^(\.{0,2}\/|[@~]\/|src\/)/.test(wanted);
  return {
    what: `'${name(wanted.replace(/^\/work\//, ""))}'${from} is not there`,
    next: isFile
      ? CHECK_PATH
      : "Add it to package.json's dependencies and commit the lockfile; if it is a package of this repository, it must be built before.",
  };
}

/** Programs that no npm package brings. */
const OTHER_LANGUAGES: Record<string, readonly string[]> = {
  Ruby: ["ruby", "gem", "bundle", "bundler", "rake", "jekyll", "middleman"],
  Python: ["python", "python3", "pip", "pip3", "poetry", "uv", "mkdocs", "sphinx-build", "pelican"],
  Go: ["go"],
  Rust: ["cargo", "rustc", "trunk", "mdbook", "zola"],
  PHP: ["php", "composer"],
  Java: ["java", "mvn", "gradle"],
  ".NET": ["dotnet"],
  Dart: ["dart", "flutter"],
};

const countOf = (text: string, pattern: RegExp): number => new Set(text.match(pattern)).size;

/** What tools say when a build fails; the first that knows the log explains it. */
export const BUILD_CAUSES: readonly Explain[] = [
  told(
    /Missing script: "?([\w:./-]+)"?|error Command "([\w:./-]+)" not found|Couldn't find a script named "([\w:./-]+)"|Script not found "([\w:./-]+)"/,
    (match) => ({
      what: `package.json has no script '${match[1] ?? match[2] ?? match[3] ?? match[4]}'`,
      next: "Add the script, or set build_command to the command that builds the site.",
    }),
  ),
  ...HUGO_CAUSES,
  told(
    /(?:^|\s)(?:\/bin\/)?(?:ba)?sh: (?:(?:line )?\d+: )?([\w@./-]+): (?:command )?not found|command not found: ([\w@./-]+)/m,
    (match) => {
      const program = (match[1] ?? match[2])!;
      const language = Object.keys(OTHER_LANGUAGES).find((of) => OTHER_LANGUAGES[of]!.includes(program));
      return {
        what: `the program '${program}' is not there`,
        next: language
          ? `It belongs to ${language}, which builds don't have: build the site elsewhere, and deploy its output folder.`
          : "Add the package that has it to package.json's dependencies; builds have Node, the package managers, git and what Debian's base has.",
      };
    },
  ),
  told(/require is not defined in ES module scope[\s\S]{0,2000}?\bat file:\/\/\/work\/([\w@./-]+):\d+/, (match) => ({
    what: `'${name(match[1])}' calls require(), and package.json's "type": "module" makes it an ES module`,
    next: "Give the file the ending .cjs, and name it so where it is read; or import what it requires.",
  })),
  told(/ENOSPC|No space left on device/, (_, { limits }) => ({
    what: "its disk space was full",
    next: `Install and write less (/tmp has 256 MiB), or raise BERTH_BUILD_DISK_MIB, which is ${Math.round(limits.diskBytes / 1024 ** 2)}.`,
    code: "build_limit",
  })),
  told(/Treating warnings as errors because process\.env\.CI = true/, (_, { command }) => ({
    what: "warnings count as errors where CI=true is set, and there are warnings",
    next: `Mend the warnings, or set build_command to 'CI=false ${command}'.`,
  })),
  told(/PPR cannot be enabled in export mode/, () => ({
    what: "Next.js's cacheComponents is on, which a static export can't have",
    next: "Take cacheComponents, and partialPrefetching beside it, out of next.config.",
    code: "server_output",
  })),
  told(/Image Optimization using the default loader is not compatible with/, () => ({
    what: "Next.js makes images smaller on a server, which a static export does not have",
    next: "Set images: { unoptimized: true } in next.config.",
    code: "server_output",
  })),
  told(
    /(?:Page "([^"]+)" is missing "generateStaticParams\(\)"|not configured on route "([^"\n]+)" with "output: export"|[Pp]ages? with `[^`\n]+`[^\n]* (?:couldn't|can ?not) be exported|(?:API Routes|Server Actions|Middleware|headers|rewrites|redirects|Intercepting routes|dynamic = "force-dynamic")[^\n]*(?:cannot|can't|not|aren't) (?:be )?(?:used|supported|work)[^\n]*export)/,
    (match) => ({
      what: `${match[1] ? `the page ${name(match[1])}` : match[2] ? `the route ${name(match[2])}` : "a page"} needs a server, which Next.js does not put into a static export`,
      next: "Give the page generateStaticParams(), or take out what needs a server: route handlers that read the request, server actions, middleware.",
      code: "server_output",
    }),
  ),
  told(
    /The following routes were marked as prerenderable, but were not prerendered|Encountered dynamic routes|@sveltejs\/adapter-static: all routes must be fully prerenderable/,
    () => ({
      what: "SvelteKit could not prerender every route",
      next: "Put 'export const prerender = true' into src/routes/+layout.js, list the entries of dynamic routes, or give adapter-static a 'fallback' page.",
      code: "server_output",
    }),
  ),
  told(
    /\[(?:NoAdapterInstalled|AdapterSupport)\w*\]|Cannot use `?output: ['"]?server['"]?`? without an adapter|Cannot use server-rendered pages without an adapter/,
    () => ({
      what: "Astro is set to render on a server, and has no adapter",
      next: "Leave out 'output: \"server\"' and 'export const prerender = false' so that all pages become files.",
      code: "server_output",
    }),
  ),
  told(/MDX compilation failed for file "(?:\/work\/)?([^"\n]+)"\s+Cause: ([^\n]+)/, (match) => ({
    what: `Docusaurus could not read ${name(match[1])}: ${name(match[2]!.replace(/\.\s*$/, ""))}`,
    next: "Mend the page, or commit what it names: letter case counts on Linux.",
  })),
  told(/(?:error|:) TS(\d+): ([^\n]+)|^Type error: ([^\n]+)/m, (match, { text }) => {
    const count = countOf(text, /^.*error TS\d+:.*$/gm);
    const sentence = (match[2] ?? match[3])!.replace(/\.( .*)?$/, "");
    const wanted = /^Cannot find module ["']([^"']+)["']/.exec(sentence)?.[1];
    return {
      what: `TypeScript found ${count > 1 ? `${count} errors` : "an error"}: ${name(sentence)}${match[1] ? ` (TS${match[1]})` : ""}`,
      next:
        wanted === undefined
          ? "Mend the types; or set build_command to one that builds without checking them."
          : missingModule(wanted, undefined)!.next,
    };
  }),
  told(/✖ (\d+) problems? \((\d+) errors?/, (match) => ({
    what: `ESLint found ${match[2]} error${match[2] === "1" ? "" : "s"}`,
    next: "Mend what it names; or set build_command to one that builds without linting.",
  })),
  told(
    /Rollup failed to resolve import "([^"]+)" from "(?:\/work\/)?([^"]+)"/,
    (match) => missingModule(match[1]!, match[2])!,
  ),
  told(
    /Module not found: (?:Error: )?Can't resolve '([^']+)'(?: in '(?:\/work\/)?([^']+)')?/,
    (match) => missingModule(match[1]!, match[2])!,
  ),
  told(/Could not resolve "([^"]+)"(?: from "(?:\/work\/)?([^"]+)")?/, (match) => missingModule(match[1]!, match[2])!),
  told(
    /Cannot find (?:module|package) '([^']+)'(?: imported from '?(?:\/work\/)?([^'\n]+))?/,
    (match) => missingModule(match[1]!, match[2])!,
  ),
  told(
    /ERR_PACKAGE_PATH_NOT_EXPORTED[^\n]*?subpath '([^']+)' is not defined by "exports" in \S*node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\/package\.json/,
    (match) => ({
      what: `a package asks for '${name(match[1])}' of ${name(match[2])}, whose installed version has no such part`,
      next: `Their versions don't fit each other: name a version of ${name(match[2])} that does in package.json's dependencies, and commit the lockfile.`,
    }),
  ),
  told(
    /^[^\n]*\b(?:[Pp]lease install|requires|need to install|not installed|missing)\b[^\n]*\b(?:npm (?:install|i|add)|pnpm add|yarn add|bun add) +(?:-\w+ +|--[\w-]+ +)*((?:@[\w.-]+\/)?[\w.-]+)/m,
    (match) => ({
      what: `it asks for the package '${name(match[1])}', which package.json does not name`,
      next: "Add it to package.json's dependencies and commit the lockfile.",
    }),
  ),
  told(/Build failed with (\d+) errors?:[│\s]*\[([A-Z][A-Z_]+)\] ([^\n]+)/, (match) => ({
    what: `the bundler found ${match[1] === "1" ? "an error" : `${match[1]} errors`}: ${name(match[3])} (${match[2]})`,
    next: "Mend what the lines below name; where it is a package's code, take another version of that one.",
  })),
  told(
    /(?:[Mm]issing|[Ii]nvalid|[Rr]equired|[Uu]ndefined) (?:required )?env(?:ironment)? var(?:iable)?s?:?\s*["'`]?([A-Z][A-Z0-9_]{2,})?|(?:environment variable|env var) ["'`]?([A-Z][A-Z0-9_]{2,})["'`]? (?:is )?(?:not|missing|required|undefined)/,
    (match) => ({
      what: `the variable ${match[1] ?? match[2] ?? "that the log names"} is not set`,
      next: "Declare it for the project: berth env set NAME=VALUE --project NAME.",
    }),
  ),
  told(
    /Executable doesn't exist at|Could not find (?:Chrome|Chromium|expected browser)|Failed to launch the browser process/,
    () => ({
      what: "it wants to start a browser, and builds have none",
      next: "Render without a browser, or do it before and commit the result.",
    }),
  ),
  told(/EROFS: read-only file system[^\n]*'([^']+)'/, (match) => ({
    what: `it wrote to ${name(match[1])}, and only the source's folder, /tmp, HOME and the caches can be written`,
    next: "Let it write below the source's folder.",
  })),
  told(/fatal: '?([\w./:@-]+?)'? does not appear to be a git repository/, (match) => ({
    what: `it asks git for the remote '${name(match[1])}', which the source does not have`,
    next: "Leave it out: the history is there as far as the project's clone_depth says (projects set NAME clone_depth=full).",
  })),
  told(/fatal: not a git repository/, () => ({
    what: "it asks git for a history that the source does not have",
    next: "Let the build go on without git, or deploy from a git URL.",
  })),
  told(/ENOENT: no such file or directory, \w+ '\/work\/(?![^'\n]*node_modules\/)([^'\n]+)'/, (match) => {
    const made = /^.*?\/(?:dist|lib|build|out|esm?|cjs)(?=\/)/.exec(match[1]!)?.[0];
    const way = made === undefined ? "" : ` '${name(made)}' looks like what another build writes: run that one first.`;
    return { what: `'${name(match[1])}' is not there`, next: `${CHECK_PATH}${way}` };
  }),
];
