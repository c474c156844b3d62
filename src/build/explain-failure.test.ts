import { describe, expect, test } from "bun:test";
import { BerthError } from "../model/errors.ts";
import { failureOf, isStaleLockfile, withErrorsOf } from "./explain-failure.ts";

const limits = {
  diskBytes: 4 * 1024 ** 3,
  wallMs: 60_000,
  memoryBytes: 2 * 1024 ** 3,
  processes: 9,
  fileBytes: 9,
  logBytes: 8 * 1024 ** 2,
};

interface Told {
  exit?: number;
  refusedHosts?: string[];
  egress?: "none" | "registry" | "public";
  manager?: string;
  node?: string;
  command?: string;
}

function explain(step: "install" | "build", log: string, told: Told = {}) {
  const { exit = 1, refusedHosts = [], egress = "registry", manager = "npm", node = "24.1.0" } = told;
  const command = told.command ?? (step === "install" ? "npm ci" : "npm run build");
  const result = { cause: "exit" as const, exit, refusedHosts };
  return failureOf(step, result, { command, lastLines: log.split("\n"), limits, egress, manager, node })!.toBody();
}

describe("install", () => {
  test.each<[string, string, string, RegExp, RegExp, Told?]>([
    [
      "npm ci without a lockfile",
      "npm error code EUSAGE\nnpm error\nnpm error The `npm ci` command can only install with an existing package-lock.json or",
      "install_failed",
      /needs a package-lock.json, and there is none/,
      /commit package-lock\.json/,
    ],
    [
      "npm ci with an old one",
      "npm error code EUSAGE\nnpm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.\nnpm error Invalid: lock file's ms@2.1.3 does not satisfy ms@2.1.2\nnpm error Missing: nanoid@5.0.0 from lock file",
      "install_failed",
      /package-lock\.json does not fit package\.json.*Missing: nanoid@5\.0\.0/,
      /npm install/,
    ],
    [
      "the end of a long list of npm ci's",
      "npm error Missing: is-docker@2.2.1 from lock file\nnpm error Missing: ms@2.1.3 from lock file\nnpm error\nnpm error Clean install a project",
      "install_failed",
      /package-lock\.json does not fit package\.json.*Missing: is-docker@2\.2\.1/,
      /npm install/,
    ],
    [
      "pnpm's",
      ' ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile" because pnpm-lock.yaml is not up to date with <ROOT>/package.json',
      "install_failed",
      /pnpm-lock\.yaml does not fit/,
      /pnpm install/,
    ],
    [
      "Yarn 1's",
      "error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`.",
      "install_failed",
      /yarn\.lock does not fit/,
      /yarn install/,
    ],
    [
      "Yarn 4's",
      '➤ YN0028: │ -    ms: "npm:2.1.3"\n➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.',
      "install_failed",
      /yarn\.lock does not fit/,
      /yarn install/,
    ],
    [
      "Bun's",
      "error: lockfile had changes, but lockfile is frozen\nnote: try re-running without --frozen-lockfile and commit the updated lockfile",
      "install_failed",
      /bun\.lock does not fit/,
      /bun install/,
    ],
    [
      "peers",
      'npm error code ERESOLVE\nnpm error ERESOLVE unable to resolve dependency tree\nnpm error While resolving: b@1.0.0\nnpm error Found: react@19.0.0\nnpm error node_modules/react\nnpm error Could not resolve dependency:\nnpm error peer react@"^18.2.0" from react-dom@18.2.0',
      "install_failed",
      /react-dom@18\.2\.0 wants react@\^18\.2\.0, and react@19\.0\.0 is there/,
      /legacy-peer-deps/,
    ],
    [
      "a peer that is in conflict behind one that is content",
      'npm error code ERESOLVE\nnpm error ERESOLVE could not resolve\nnpm error\nnpm error While resolving: x@0.0.0\nnpm error Found: a@2.2.6\nnpm error node_modules/a\nnpm error   peer a@"2.2.6" from forms@2.2.6\nnpm error\nnpm error Could not resolve dependency:\nnpm error server@"^2.2.0" from the root project\nnpm error\nnpm error Conflicting peer dependency: a@2.2.0\nnpm error node_modules/a\nnpm error   peer a@"2.2.0" from server@2.2.0',
      "install_failed",
      /server@2\.2\.0 wants a@2\.2\.0, and a@2\.2\.6 is there/,
      /legacy-peer-deps/,
    ],
    [
      "npm's 404",
      "npm error code E404\nnpm error 404 Not Found - GET https://registry.example/@types%2fno-such\nnpm error 404\nnpm error 404  The requested resource '@types/no-such@1.0.0' could not be found or you do not have permission to access it.",
      "install_failed",
      /'@types\/no-such@1\.0\.0' is not in the registry/,
      /\.npmrc/,
    ],
    [
      "an archive that Yarn 1 does not find",
      'error Error: http://127.0.0.1:24873/@a/cli/-/cli-1.1.100.tgz: Request failed "404 Not Found"\ninfo There appears to be trouble with your network connection. Retrying...',
      "install_failed",
      /'@a\/cli@1\.1\.100' is not in the registry/,
      /withdrawn: take another/,
    ],
    [
      "pnpm's 404",
      " ERR_PNPM_FETCH_404  GET https://registry.example/@types%2Fno-such: Not Found - 404",
      "install_failed",
      /'@types\/no-such' is not in the registry/,
      /name/,
    ],
    [
      "Yarn 1's 404",
      'error Couldn\'t find package "@types/no-such" on the "npm" registry.',
      "install_failed",
      /'@types\/no-such' is not/,
      /name/,
    ],
    [
      "Yarn 4's 404",
      "➤ YN0035: │ @types/no-such@npm:1: Package not found\n➤ YN0035: │   Response Code: 404 (Not Found)",
      "install_failed",
      /'@types\/no-such' is not/,
      /name/,
    ],
    [
      "Bun's 404",
      "error: GET https://registry.example/@types%2fno-such - 404\nerror: @types/no-such@1 failed to resolve",
      "install_failed",
      /'@types\/no-such' is not/,
      /name/,
    ],
    [
      "a version that there is not",
      "npm error code ETARGET\nnpm error notarget No matching version found for ms@99.\nnpm error notarget In most cases",
      "install_failed",
      /no version of 'ms@99'/,
      /Correct the version in package\.json, update the lockfile/,
    ],
    [
      "a folder that was taken out of a workspace",
      'npm error code EUNSUPPORTEDPROTOCOL\nnpm error Unsupported URL Type "catalog:": catalog:',
      "install_failed",
      /names packages by 'catalog:'/,
      /workspace's top, with root set/,
    ],
    [
      "the same with pnpm",
      ' ERR_PNPM_WORKSPACE_PKG_NOT_FOUND  In : "ui@workspace:*" is in the dependencies but no package named "ui" is present in the workspace',
      "install_failed",
      /names packages by 'workspace:'.*in which pnpm/,
      /workspace's top/,
      { manager: "pnpm" },
    ],
    [
      "a version that there is not, without a lockfile",
      "npm error code ETARGET\nnpm error notarget No matching version found for ms@99.\nnpm error notarget In most cases",
      "install_failed",
      /no version of 'ms@99'/,
      /Correct the version in package\.json; where it is a dependency/,
      { command: "npm install" },
    ],
    [
      "a program of another language",
      "sh: 1: bundle: not found",
      "install_failed",
      /'bundle' is not there/,
      /belongs to Ruby.*deploy its output folder/,
    ],
    [
      "node-sass, which wants Python 2",
      'npm ERR! path /work/node_modules/node-sass\nnpm ERR! gyp verb `which` failed python Error: not found: python\nnpm ERR! gyp ERR! stack Error: Can\'t find Python executable "python", you can set the PYTHON env variable.\nnpm ERR! gyp ERR! not ok',
      "install_failed",
      /'node-sass' is a native module .*needs Python 2/,
      /'sass' in its place/,
    ],
    [
      "the same, as bash says it",
      "/bin/bash: line 1: bundle: command not found",
      "install_failed",
      /'bundle' is not there/,
      /belongs to Ruby/,
    ],
    [
      "a version with dots, of a scope with one",
      "npm error code ETARGET\nnpm error notarget No matching version found for @a.io/b@^1.20.2.\nnpm error notarget In most",
      "install_failed",
      /no version of '@a\.io\/b@\^1\.20\.2'/,
      /Correct the version/,
    ],
    [
      "pnpm's missing version",
      " ERR_PNPM_NO_MATCHING_VERSION  No matching version found for ms@^99.0.0 while fetching it from https://registry.example/",
      "install_failed",
      /no version of 'ms@\^99\.0\.0'/,
      /Correct the version/,
    ],
    [
      "Yarn's missing version",
      "➤ YN0000: ┌ Resolution step\n➤ YN0082: │ @a/ms@npm:^99.0.0: No candidates found\n➤ YN0000: └ Completed",
      "install_failed",
      /no version of '@a\/ms@\^99\.0\.0'/,
      /Correct the version/,
    ],
    [
      "Bun's missing version",
      'error: No version matching "^99.0.0" found for specifier "ms" (but package exists)\nerror: ms@^99.0.0 failed to resolve',
      "install_failed",
      /no version of 'ms@\^99\.0\.0'/,
      /Correct the version/,
    ],
    [
      "npm's engines",
      'npm error code EBADENGINE\nnpm error engine Unsupported engine\nnpm error engine Not compatible with your version of node/npm: e@1.0.0\nnpm error notsup Not compatible with your version of node/npm: e@1.0.0\nnpm error notsup Required: {"node":">=99"}',
      "install_failed",
      /ran on Node 24\.1\.0, and e@1\.0\.0 asks for >=99/,
      /node_version.*>=99/,
    ],
    [
      "pnpm's engines",
      ' ERR_PNPM_UNSUPPORTED_ENGINE  Unsupported environment (bad pnpm and/or Node.js version)\n\nYour Node version is incompatible with "/work/e".\n\nExpected version: >=99\nGot: v20.20.2',
      "install_failed",
      /asks for >=99/,
      /node_version/,
    ],
    [
      "Yarn 1's engines",
      'error e@1.0.0: The engine "node" is incompatible with this module. Expected version ">=99". Got "20.20.2"\nerror Found incompatible module.',
      "install_failed",
      /e@1\.0\.0 asks for >=99/,
      /node_version/,
    ],
    [
      "a native module",
      "npm error code 1\nnpm error path /work/node_modules/better-sqlite3\nnpm error command failed\nnpm error command sh -c prebuild-install || node-gyp rebuild --release\nnpm error gyp ERR! find Python Could not find any Python installation to use",
      "install_failed",
      /'better-sqlite3' is a native module/,
      /python3, make and g\+\+/,
    ],
    [
      "an archive that pnpm does not find, beside a word of release ages",
      " WARN  minimumReleaseAge is set\n[ERR_PNPM_FETCH_404] GET http://127.0.0.1:24873/@iconify/json/-/json-2.1.10.tgz: Not Found - 404\nNo authorization header was set for the request.",
      "install_failed",
      /'@iconify\/json@2\.1\.10' is not in the registry/,
      /withdrawn: take another/,
    ],
    [
      "an archive that npm does not find",
      "npm error code E404\nnpm error 404 Not Found - GET http://127.0.0.1:24873/@a/cli/-/cli-6.6.0.tgz\nnpm error 404  '@a/cli@http://127.0.0.1:24873/@a/cli/-/cli-6.6.0.tgz' is not in this registry.",
      "install_failed",
      /'@a\/cli@6\.6\.0' is not in the registry/,
      /withdrawn: take another/,
    ],
    [
      "versions that are too young for pnpm",
      " ERR_PNPM_NO_MATURE_MATCHING_VERSION  Version 5.1.0 of nanoid does not meet the minimumReleaseAge constraint",
      "install_failed",
      /younger than 'minimumReleaseAge'/,
      /minimumReleaseAgeExclude/,
    ],
    [
      "a warning of a version beside the reason",
      "npm WARN notarget No matching version found for fsevents@1.\nnpm ERR! gyp ERR! find Python\nnpm ERR! path /w/node_modules/node-sass",
      "install_failed",
      /'node-sass' is a native module/,
      /compiler|ships built files/,
    ],
    [
      "git's host",
      "npm error code 128\nnpm error An unknown git error occurred\nnpm error command git --no-replace-objects ls-remote ssh://git@github.com/vercel/ms.git\nnpm error ssh: Could not resolve hostname github.com: Name or service not known",
      "network_refused",
      /'registry' does not let it reach github\.com/,
      /egress=public[\s\S]*registry instead of a git host/,
    ],
    [
      "git's host, by git's own protocol",
      "error Command failed.\nExit code: 128\nfatal: unable to look up github.com (port 9418) (Name or service not known)",
      "network_refused",
      /'registry' does not let it reach github\.com/,
      /registry instead of a git host/,
    ],
    [
      "a registry of .npmrc",
      "npm error code ENOTFOUND\nnpm error network request to https://npm.corp.example/ms failed, reason: getaddrinfo ENOTFOUND npm.corp.example",
      "network_refused",
      /npm\.corp\.example/,
      /egress=public/,
      { refusedHosts: ["npm.corp.example:443"] },
    ],
  ])("%s", (_, log, code, message, hint, ...[told]) => {
    const manager = /pnpm/i.test(_) ? "pnpm" : "npm";
    expect(explain("install", log, { manager, ...told })).toEqual({
      code: code as "install_failed",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });
});

describe("build", () => {
  test.each<[string, string, string, RegExp, RegExp, Told?]>([
    [
      "a part of a package that there is not",
      "Error [ERR_PACKAGE_PATH_NOT_EXPORTED]: Package subpath './lib/token.mjs' is not defined by \"exports\" in /work/node_modules/.pnpm/x@0.3.4/node_modules/markdown-it/package.json imported from /work/a.js",
      "build_failed",
      /asks for '\.\/lib\/token\.mjs' of markdown-it/,
      /name a version of markdown-it that does/,
    ],
    [
      "a package that a tool wants beside it",
      "[error] [@nuxt/content] Nuxt Content requires `better-sqlite3` module to operate. Please install `better-sqlite3` package manually and try again. `npm install better-sqlite3`",
      "build_failed",
      /asks for the package 'better-sqlite3'/,
      /Add it to package\.json/,
    ],
    [
      "a bundler's error behind fonts that it went on without",
      '[warn] Could not fetch from `https://fonts.bunny.net/list`. `1` retries left.\n[error] Could not initialize provider `bunny`. `unifont` will not be able to process fonts provided by this provider. fetch failed\n[error] ✗ Build failed in 1.33s\n│\n■  Nuxt build error: Error: Build failed with 3 errors:\n│\n│  [EXTERNAL_MODULES] "node_modules/unctx/dist/index.mjs" is resolved as a module now',
      "build_failed",
      /the bundler found 3 errors: node_modules\/unctx\/dist\/index\.mjs is resolved/,
      /Mend what the lines below name/,
      { refusedHosts: ["fonts.bunny.net:443"] },
    ],
    [
      "a missing script",
      'npm error Missing script: "build"\nnpm error\nnpm error To see a list of scripts, run:\nnpm error   npm run',
      "build_failed",
      /no script 'build'/,
      /build_command/,
    ],
    ["Yarn's missing script", 'error Command "build" not found.', "build_failed", /no script 'build'/, /build_command/],
    [
      "a missing program",
      "> site@1.0.0 build\n> hexo generate\n\nsh: 1: hexo: not found",
      "build_failed",
      /'hexo' is not there/,
      /dependencies/,
      { exit: 127 },
    ],
    [
      "a field that this Hugo has not",
      'executing "partials/header.html" at <.RSSLink>: can\'t evaluate field RSSLink in type *hugolib.pageState',
      "build_failed",
      /'\.RSSLink', which the machine's Hugo does not have/,
      /update the theme/,
    ],
    [
      "an ES module on an old Node",
      "failed to load config from /work/vite.config.ts\nError [ERR_REQUIRE_ESM]: require() of ES Module /work/node_modules/vite/dist/node/index.js from /work/vite.config.ts not supported.",
      "build_failed",
      /'vite\/dist\/node\/index\.js' is an ES module, which Node [\d.]+ can't require/,
      /Node 20\.19/,
    ],
    [
      "a configuration with await at its top",
      "[webpack-cli] Error [ERR_REQUIRE_ASYNC_MODULE]: require() cannot be used on an ESM graph with top-level await.\n  From /work/node_modules/webpack-cli/lib/webpack-cli.js \n  Requiring /work/webpack.config.js \n",
      "build_failed",
      /require\(\) of 'webpack\.config\.js'/,
      /--no-experimental-require-module/,
    ],
    ["Hugo", "sh: 1: hugo: not found", "build_failed", /Hugo is not installed/, /apt-get install hugo/, { exit: 127 }],
    [
      "a site for a newer Hugo",
      'WARN 2026/11/29 Module "project" is not compatible with this Hugo version; run "hugo mod graph" for more information.',
      "build_failed",
      /the site asks for a newer Hugo/,
      /hugo-extended/,
    ],
    [
      "a theme for a newer Hugo",
      'ERROR Module "blowfish" is not compatible with this Hugo version; run "hugo mod graph" for more information.',
      "build_failed",
      /theme blowfish asks for a newer Hugo/,
      /hugo-extended/,
    ],
    [
      "a theme that is not there",
      'Error: module "ananke" not found; either add it as a Hugo Module or store it in "/work/themes".',
      "build_failed",
      /'ananke' is not in the source/,
      /submodule/,
    ],
    [
      "V8's heap",
      "<--- Last few GCs --->\nFATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory\nAborted (core dumped)",
      "build_limit",
      /heap was full/,
      /BERTH_BUILD_MEMORY_MIB[\s\S]*--max-old-space-size/,
      { exit: 134 },
    ],
    [
      "a killed process",
      "npm error signal SIGKILL",
      "build_limit",
      /killed, most likely for want of memory/,
      /BERTH_BUILD_MEMORY_MIB/,
      { exit: 137 },
    ],
    [
      "OpenSSL 3",
      "Error: error:0308010C:digital envelope routines::unsupported\n    at new Hash (node:internal/crypto/hash:80:19)\n  code: 'ERR_OSSL_EVP_UNSUPPORTED'",
      "build_failed",
      /old webpack.*Node 24\.1\.0/,
      /node_version=16/,
    ],
    [
      "Next's Node",
      'You are using Node.js 16.20.2. For Next.js, Node.js version ">=20.9.0" is required.',
      "build_failed",
      /Next\.js asks for >=20\.9\.0/,
      /node_version/,
      { node: "16.20.2" },
    ],
    [
      "Eleventy's words, with its own version and a full stop",
      "Eleventy 3.1.2 requires Node 18. You will need to upgrade Node to use Eleventy!",
      "build_failed",
      /ran on Node [\d.]+, and Eleventy asks for 18\.$/,
      /'engines': 18\.$/m,
    ],
    [
      "Vite's Node",
      "You are using Node.js 18.20.8. Vite requires Node.js version 20.19+ or 22.12+. Please upgrade your Node.js version.",
      "build_failed",
      /Vite asks for 20\.19\+ or 22\.12\+/,
      /node_version/,
      { node: "18.20.8" },
    ],
    [
      "Angular's Node",
      "Node.js version v18.20.8 detected.\nThe Angular CLI requires a minimum Node.js version of v20.19 or v22.12.",
      "build_failed",
      /Angular CLI asks for v20\.19 or v22\.12/,
      /node_version/,
    ],
    [
      "newer syntax",
      "/work/node_modules/x/index.js:5\n  a ??= 1;\n    ^^^\n\nSyntaxError: Unexpected token '??='\n    at wrapSafe (internal/modules/cjs/loader.js:1001:16)",
      "build_failed",
      /does not know/,
      /a newer one than 14\.21\.3/,
      { node: "14.21.3" },
    ],
    ["gulp 3", "ReferenceError: primordials is not defined\n    at fs.js:47:5", "build_failed", /gulp 3/, /gulp 4/],
    [
      "Google's fonts",
      "Failed to fetch `Inter` from Google Fonts.\nBuild error occurred",
      "network_refused",
      /fonts\.googleapis\.com/,
      /egress=public[\s\S]*next\/font\/local/,
      { refusedHosts: ["fonts.googleapis.com:443"] },
    ],
    [
      "a name without DNS",
      "Error: getaddrinfo EAI_AGAIN api.example.org\n    at GetAddrInfoReqWrap.onlookup (node:dns:109:26)",
      "network_refused",
      /api\.example\.org/,
      /egress=public/,
    ],
    [
      "a name under the public policy",
      "Error: getaddrinfo ENOTFOUND api.example.org",
      "build_failed",
      /api\.example\.org could not be reached/,
      /HTTPS_PROXY/,
      { egress: "public" },
    ],
    [
      "types",
      "src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.\nsrc/b.ts(1,1): error TS2304: Cannot find name 'x'.",
      "build_failed",
      /TypeScript found 2 errors: Type string is not assignable.*TS2322/,
      /types[\s\S]*src\/b\.ts/,
    ],
    [
      "types, the first sentence of what is found",
      "src/a.ts(3,7): error TS7016: Could not find a declaration file for module 'x'. '/work/node_modules/x/index.js' implicitly has an 'any' type.",
      "build_failed",
      /TypeScript found an error: Could not find a declaration file for module x \(TS7016\)/,
      /types[\s\S]*implicitly/,
    ],
    [
      "Next's types",
      "Failed to compile.\n\n./app/page.tsx:3:7\nType error: Type 'string' is not assignable to type 'number'.",
      "build_failed",
      /TypeScript found an error/,
      /without checking/,
    ],
    [
      "Next's types, of a package that was not built",
      "Failed to compile.\n\n./a.tsx:2:25\nType error: Cannot find module 'toast' or its corresponding type declarations.",
      "build_failed",
      /found an error: Cannot find module toast or its corresponding type declarations\.$/,
      /package of this repository, it must be built before/,
    ],
    [
      "ESLint",
      "/work/src/a.js\n  1:1  error  'x' is not defined  no-undef\n\n✖ 1 problem (1 error, 0 warnings)",
      "build_failed",
      /ESLint found 1 error/,
      /no-undef/,
    ],
    [
      "warnings under CI",
      "Treating warnings as errors because process.env.CI = true.\nMost CI servers set it automatically.\n\nFailed to compile.",
      "build_failed",
      /warnings count as errors/,
      /CI=false npm run build/,
    ],
    [
      "letter case",
      '[vite]: Rollup failed to resolve import "./Button" from "/work/src/App.tsx".',
      "build_failed",
      /'\.\/Button', which src\/App\.tsx imports, is not there/,
      /letter case/,
    ],
    [
      "a file of the source that is not there",
      "Error: Cannot find module '/work/site/data.json'\nRequire stack:\n- /work/a.js",
      "build_failed",
      /'site\/data\.json' is not there/,
      /must be committed, or written by an earlier step/,
    ],
    [
      "a missing dependency",
      "Error: Cannot find module 'lodash'\nRequire stack:\n- /work/a.js",
      "build_failed",
      /'lodash' is not there/,
      /dependencies/,
    ],
    [
      "Next's export",
      'Error: Page "/[id]" is missing "generateStaticParams()" so it cannot be used with "output: export" config.',
      "server_output",
      /the page \/\[id\] needs a server/,
      /generateStaticParams/,
    ],
    [
      "Next's route that reads the request",
      'Error: export const dynamic = "force-static"/export const revalidate not configured on route "/api/hello" with "output: export". See more info',
      "server_output",
      /the route \/api\/hello needs a server/,
      /route handlers/,
    ],
    [
      "Next's pages of a server",
      "Error: pages with `getServerSideProps` can not be exported. See more info here",
      "server_output",
      /a page needs a server/,
      /take out what needs a server/,
    ],
    [
      "Next's partial prerendering",
      "Error: Invariant: PPR cannot be enabled in export mode\n    at ignore-listed frames",
      "server_output",
      /cacheComponents is on/,
      /out of next\.config/,
    ],
    [
      "Next's images",
      "Error: Image Optimization using the default loader is not compatible with export.\n  Possible solutions:",
      "server_output",
      /smaller on a server/,
      /unoptimized: true/,
    ],
    [
      "SvelteKit's routes",
      "Error: Encountered dynamic routes\n    at adapt",
      "server_output",
      /prerender every route/,
      /fallback/,
    ],
    [
      "a variable",
      "Error: Missing environment variable: CONTENTFUL_TOKEN",
      "build_failed",
      /CONTENTFUL_TOKEN is not set/,
      /berth env set/,
    ],
    [
      "a browser",
      "Error: Could not find Chrome (ver. 131.0.6778.204). This can occur if either",
      "build_failed",
      /builds have none/,
      /browser/,
    ],
    [
      "require in an ES module",
      "[!] RollupError: Node tried to load your configuration as an ES module\n\nOriginal error: require is not defined in ES module scope, you can use import instead\nReferenceError: require is not defined in ES module scope, you can use import instead\n    at file:///work/rollup.config.js:9:13\n    at ModuleJob.run (node:internal/modules/esm/module_job:561:25)",
      "build_failed",
      /'rollup\.config\.js' calls require\(\), and package\.json's "type": "module"/,
      /\.cjs/,
    ],
    [
      "a full disk",
      "Error: ENOSPC: no space left on device, write",
      "build_limit",
      /disk space was full/,
      /raise BERTH_BUILD_DISK_MIB, which is \d+/,
    ],
    [
      "a file that another build was to write",
      "x Build failed in 21.05s\nbuild error:\n[copy] ENOENT: no such file or directory, access '/work/packages/core/dist/core.mjs'\n    at async Object.access (node:internal/fs/promises:1312:10)",
      "build_failed",
      /'packages\/core\/dist\/core\.mjs' is not there/,
      /committed, or written by an earlier step\. 'packages\/core\/dist' looks like what another build writes/,
    ],
    [
      "a page that Docusaurus does not take",
      'Error: MDX compilation failed for file "/work/docs/part-6.md"\nCause: Image static/img/flow.gif used in docs/part-6.md not found.\nDetails:\nError: Image static/img/flow.gif used in docs/part-6.md not found.\n    at x (/work/y.js:1:1)',
      "build_failed",
      /Docusaurus could not read docs\/part-6\.md: Image static\/img\/flow\.gif used in docs\/part-6\.md not found\.$/,
      /commit what it names/,
    ],
    [
      "a remote that the source does not have",
      "fatal: 'origin' does not appear to be a git repository\nfatal: Could not read from remote repository.",
      "build_failed",
      /git for the remote 'origin'/,
      /clone_depth=full/,
    ],
    [
      "a file that is not in the source",
      "Error: ENOENT: no such file or directory, open '/work/data/posts.json'",
      "build_failed",
      /'data\/posts\.json' is not there/,
      /earlier step\.\n/,
    ],
  ])("%s", (_, log, code, message, hint, ...[told]) => {
    expect(explain("build", log, told)).toEqual({
      code: code as "build_failed",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  test("what nobody knows shows the lines that tell, without colours, frames and npm's own", () => {
    const { message, hint } = explain(
      "build",
      "> site@1.0.0 build\n> node build.mjs\n\n\u001b[31mreading pages\u001b[0m\n\u001b[1m\u001b[31mError: the tide table is empty\u001b[39m\n    at read (/work/build.mjs:3:9)\n    at async main (/work/build.mjs:9:3)\n\nNode.js v24.1.0\nnpm error Lifecycle script `build` failed with error:\nnpm error code 1\nnpm error path /work\nnpm error command failed\nnpm error command sh -c node build.mjs",
    );
    expect(message).toBe("The build failed: 'npm run build' ended with status 1.");
    expect(hint).toContain("From its log:\n  Error: the tide table is empty");
    expect(hint).not.toMatch(/at read|Node\.js v|Lifecycle|\u001b/);
  });

  test("refused hosts are the likeliest cause of what nothing explains, and named beside what is", () => {
    expect(explain("build", "it did not work", { refusedHosts: ["cms.example:443"] })).toMatchObject({
      code: "network_refused",
      message: expect.stringContaining("cms.example"),
    });
    expect(
      explain("build", "a.ts(1,1): error TS1005: ';' expected.", { refusedHosts: ["stats.example:443"] }),
    ).toMatchObject({
      code: "build_failed",
      hint: expect.stringContaining("The network policy refused stats.example"),
    });
  });
});

test("a registry that the repository names is told from other hosts", () => {
  const context = {
    command: "npm ci",
    lastLines: ["npm error code ENOTFOUND"],
    limits,
    node: "24.1.0",
    manager: "npm",
  };
  const registries = ["not a URL", "https://npm.corp.example/path"];
  const refused = (host: string) =>
    failureOf(
      "install",
      { cause: "exit", exit: 1, refusedHosts: [host] },
      { ...context, egress: "registry", registries },
    );
  expect(refused("npm.corp.example:443")?.hint).toContain("names npm.corp.example as its registry");
  expect(refused("other.example:443")?.hint).not.toContain("registry; take that line out");
});

test.each<[string, string, { cause?: "exit" | "memory"; exit?: number; refusedHosts?: string[] }, boolean]>([
  ["a lockfile that does not fit", "npm error Missing: ms@2.1.3 from lock file\nnpm error code EUSAGE", {}, true],
  [
    "no lockfile that npm can read",
    "npm error The `npm ci` command can only install with an existing package-lock.json",
    {},
    true,
  ],
  ["another reason", "npm error code E404\nnpm error 404 'mss@1.0.0' is not in this registry.", {}, false],
  [
    "a host that was refused",
    " ERR_PNPM_OUTDATED_LOCKFILE \nEAI_AGAIN a.example",
    { refusedHosts: ["a.example:443"] },
    false,
  ],
  ["memory", " ERR_PNPM_OUTDATED_LOCKFILE ", { cause: "memory" }, false],
  ["an install that went well", "YN0028", { exit: 0 }, false],
])("whether the lockfile alone was the reason: %s", (_, log, ended, expected) => {
  const context = {
    command: "npm ci",
    lastLines: log.split("\n"),
    limits,
    egress: "registry",
    node: "24.1.0",
  } as const;
  const result = { cause: "exit" as const, exit: 1, refusedHosts: [], ...ended };
  expect(isStaleLockfile(result, { ...context, manager: "npm" })).toBe(expected);
});

test.each([
  ["timeout", "build_timeout", /60 s/],
  ["memory", "build_limit", /2048 MiB/],
  ["processes", "build_limit", /9/],
  ["disk", "build_limit", /disk/],
  ["log", "build_limit", /8 MiB/],
  ["canceled", "canceled", /stopped/],
] as const)("ended by %s", (cause, code, message) => {
  const context = { command: "x", lastLines: [], limits, egress: "none", manager: "npm", node: "24.1.0" } as const;
  const error = failureOf("build", { cause, exit: null, refusedHosts: [] }, context)!;
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(failureOf("build", { cause: "exit", exit: 0, refusedHosts: [] }, context)).toBeUndefined();
});

test("of many errors the first and the last are shown, without what a program goes on without", () => {
  const errors = Array.from({ length: 20 }, (_, at) => `Error: number ${at}`);
  const gone =
    "[error] Could not initialize provider `bunny`. `unifont` will not be able to process fonts. fetch failed";
  const source = ["    throw new Error(", "  code: 'ERR_ANY',", "  }"];
  const { hint } = explain("build", [gone, ...errors, ...source].join("\n"));
  const shown = [0, 1, 2, 3, 4, 17, 18, 19].map((at) => `  Error: number ${at}`);
  expect(hint.split("From its log:\n")[1]!.split("\n")).toEqual(shown);
});

test("a build that ended well and wrote no site shows the errors of its log, if there are any", () => {
  const missing = new BerthError("output_missing", "The build wrote none of: build.", { hint: "Set it." });
  const log = ["> preact build", "TypeError: Cannot read properties of undefined", "    at a (/work/b.js:1:2)"];
  expect(withErrorsOf(log, missing)).toMatchObject({
    code: "output_missing",
    hint: "Set it.\nFrom its log:\n  TypeError: Cannot read properties of undefined",
  });
  expect(withErrorsOf(["> build", "done"], missing)).toBe(missing);
  const other = new BerthError("output_refused", "m", { hint: "h" });
  expect(withErrorsOf(log, other)).toBe(other);
});
