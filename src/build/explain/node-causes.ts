import { type Cause, type Explain, name, told } from "./cause.ts";

const HOW = "Set node_version for the project, or write the version into .nvmrc or package.json's 'engines'";

function wrongNode(node: string, wanted: string | undefined, who?: string): Cause {
  const asks = wanted === undefined ? "another version" : name(wanted);
  return {
    what: `it ran on Node ${node}, and ${who ? name(who) : "a package"} asks for ${asks}`,
    next: `${HOW}${wanted === undefined ? "." : `: ${name(wanted)}.`}`,
  };
}

/** Words of newer Nodes that an older one does not know. */
const NEWER =
  /SyntaxError: (?:Unexpected token '(?:\?\?=|\|\|=|&&=|\?|\.|with|:)'|Unexpected token '?\{'?|Invalid regular expression flags|Unexpected identifier 'assert')|No such built-in module: node:\w+|ERR_UNKNOWN_BUILTIN_MODULE|(?:structuredClone|fetch|File|CustomEvent|WebSocket|navigator|ReadableStream|Promise\.withResolvers|crypto(?:\.\w+)?) is not (?:defined|a function)|(?:Object\.hasOwn|\.toSorted|\.toReversed|\.findLast|\.at|\.replaceAll|util\.styleText|\.getBuiltinModule|Array\.fromAsync|Object\.groupBy|\(0 , \w+\.(?:styleText|parseEnv|hash)\)) is not a function|The requested module 'node:\w+' does not provide an export/;

/** Failures that another Node would not have; the first that knows the log explains it. */
export const NODE_CAUSES: readonly Explain[] = [
  told(/ERR_OSSL_EVP_UNSUPPORTED|digital envelope routines::?(?:initialization error|unsupported)/, (_, { node }) => ({
    what: `an old webpack uses a hash that the OpenSSL of Node ${node} refuses`,
    next: "Set node_version=16 for the project, or NODE_OPTIONS=--openssl-legacy-provider in netlify.toml's [build.environment].",
  })),
  told(
    /ERR_REQUIRE_ASYNC_MODULE[\s\S]{0,600}?Requiring (?:\/work\/)?([\w@./-]+)|ERR_REQUIRE_ASYNC_MODULE/,
    (match, { node }) => ({
      what: `require() of ${match[1] === undefined ? "a file" : `'${name(match[1])}'`}, which waits at its top level, is refused by Node ${node}`,
      next: "Take a newer version of the program that requires it (webpack-cli 6 imports it), or set the variable NODE_OPTIONS=--no-experimental-require-module, with which older ones import it, too.",
    }),
  ),
  told(/ERR_REQUIRE_ESM\]: require\(\) of ES Module (?:\/work\/)?(?:\S*node_modules\/)?(\S+)/, (match, { node }) => ({
    what: `'${name(match[1])}' is an ES module, which Node ${node} can't require()`,
    next: `${HOW}: Node 20.19, 22.12 and newer can; or take an older version of that package.`,
  })),
  told(/--openssl-legacy-provider is not allowed in NODE_OPTIONS/, ({ 0: line }, { node }) => ({
    what: `${line}: Node ${node} does not know it`,
    next: "Take it out of NODE_OPTIONS, or set node_version to 17 or newer.",
  })),
  told(
    /([\w@./-]+@[\w.+-]+): The engine "node" is incompatible with this module\. Expected version "([^"]+)"/,
    (match, { node }) => wrongNode(node, match[2], match[1]),
  ),
  told(
    /code EBADENGINE[\s\S]{0,600}?Not compatible with your version of node\/npm: ([\w@./+-]+)[\s\S]{0,600}?Required: \{[^}]*"node":\s*"([^"]+)"/,
    (match, { node }) => wrongNode(node, match[2], match[1]),
  ),
  told(/(?:code EBADENGINE|error.*Unsupported engine)[\s\S]{0,600}?"?node"?:\s*'?"?([^"'}]+)/, (match, { node }) =>
    wrongNode(node, match[1]),
  ),
  told(/ERR_PNPM_UNSUPPORTED_ENGINE[\s\S]{0,600}?(?:Expected version|wanted)[^\d<>=^~]*([^\n"]+)/i, (match, { node }) =>
    wrongNode(node, match[1]),
  ),
  told(/For (Next\.js), Node\.js version "([^"]+)" is required/, (match, { node }) =>
    wrongNode(node, match[2], match[1]),
  ),
  told(
    /(Angular CLI) requires a minimum Node\.js version of (v?[\d.]+(?: or (?:v?[\d.]+|greater))*)/,
    (match, { node }) => wrongNode(node, match[2], match[1]),
  ),
  told(/Node\.js v?[\d.]+ is not supported by (\w+)[\s\S]{0,80}?([<>=^~]+ ?[\d.]+[^\n]*)/, (match, { node }) =>
    wrongNode(node, match[2], match[1]),
  ),
  told(
    /(?<![\w@/-])(?=[\d@/_-]*[A-Za-z])([\w@/-]{1,100})(?: v?\d[\d.]*)? requires Node(?:\.js)? (?:version )?([<>=^~v]*\s?\d+(?:\.[\dx]+)*\+?(?:(?:,? or |\s?\|\|\s?)(?:v?[<>=^~]*\s?\d+(?:\.[\dx]+)*\+?|higher|newer|later|above))*)/,
    (match, { node }) => wrongNode(node, match[2], match[1]),
  ),
  told(/requires? (?:at least )?Node(?:\.js)? (?:version )?([<>=^~v]*\s?\d+(?:\.[\dx]+)*\+?)/i, (match, { node }) =>
    wrongNode(node, match[1]),
  ),
  told(/primordials is not defined/, () => ({
    what: "gulp 3 runs on Node 11 at most, which builds can't have",
    next: "Move the repository to gulp 4 or 5.",
  })),
  told(/NODE_MODULE_VERSION (\d+)[\s\S]{0,600}?requires\s+NODE_MODULE_VERSION (\d+)/, (_, { node }) => ({
    what: `a native module was built for another Node than ${node}`,
    next: `${HOW}; and don't commit node_modules.`,
  })),
  told(NEWER, (match, { node }) => ({
    what: `a package uses what Node ${node} does not know (${name(match[0]).slice(0, 80)})`,
    next: `${HOW}: a newer one than ${node}.`,
  })),
];
