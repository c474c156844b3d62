/** A larger page is not read. */
export const INDEX_MAX_BYTES = 4 * 1024 ** 2;
/** What is looked at of a page: its head stands in it, whatever comes after. */
const PAGE_MAX_CHARACTERS = 512 * 1024;
const REFERENCES_MAX = 500;
/** Folders in front that a base may have, as in `/team/site/`. */
const BASE_MAX_PARTS = 3;

const TAG = /<(script|link|img|source|base)\b([^<>]{0,2000})/gi;
const LINK = /<(a|base)\b([^<>]{0,2000})/gi;
const ADDRESS = /\s(?:src|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i;

interface Page {
  /** Text of the page at the output's top. */
  text: string;
  /** Whether the output has a file. */
  has(path: string): boolean;
}

export interface SiteBase {
  /** Empty for the page's own host, else `https://name`. */
  host: string;
  /** Without slashes around it; empty for the top of another host. */
  folder: string;
  verb: "asks for" | "links to";
  /** What of the output is asked for below it, for example. */
  file: string;
}

/**
 * A site that was built for a folder of another host, as for GitHub Pages: its page asks for `/name/assets/app.js`
 * (https://html.spec.whatwg.org/multipage/semantics.html#the-base-element counts), and the file is `assets/app.js`. Of a
 * page that asks for no file of its own host, the links to other pages tell.
 * Pure. @returns undefined when most of what the page asks for is there
 */
export function siteBase({ text, has }: Page): SiteBase | undefined {
  const page = text.slice(0, PAGE_MAX_CHARACTERS);
  const asked = addressesIn(page, TAG).filter(({ path }) => /\.\w+$/.test(path));
  if (asked.length > 0) return likeliestBase(asked, { has, verb: "asks for" });
  const links = addressesIn(page, LINK).filter(({ host, path }) => host === "" && /[^/]/.test(path));
  const hasPage = (path: string) => {
    const bare = path.replace(/\/$/, "");
    return bare !== "" && [path, `${bare}.html`, `${bare}/index.html`].some(has);
  };
  return likeliestBase(links, { has: hasPage, verb: "links to" });
}

/** A warning with the setting that the base comes from. */
export function basePathWarning({ text, has, framework }: Page & { framework: string | null }): string | undefined {
  const base = siteBase({ text, has });
  if (base === undefined) return undefined;
  const place = `${base.host}/${base.folder}`.replace(/\/?$/, "/");
  const where = base.host === "" ? `below '${place}' of its host` : `at '${place}'`;
  const too = base.host === "" ? `Its files are shown below '${place}', too; build it for '/'` : "Build it for '/'";
  const file = base.file.slice(0, 200);
  return `The site was built to lie ${where}: index.html ${base.verb} '${place}${file}', which is '/${file}' here. ${too}: ${settingOf(framework)}.`;
}

function likeliestBase(
  asked: readonly Asked[],
  { has, verb }: { has: Page["has"]; verb: SiteBase["verb"] },
): SiteBase | undefined {
  const below = new Map<string, SiteBase[]>();
  let found = 0;
  for (const { host, path } of asked) {
    if (host === "" && has(path)) found += 1;
    else {
      const folder = baseOf(path, has);
      if (folder === undefined || (host === "" && folder === "")) continue;
      const file = path.slice(folder === "" ? 0 : folder.length + 1);
      const base = `${host}/${folder}`;
      below.set(base, [...(below.get(base) ?? []), { host, folder, verb, file }]);
    }
  }
  const [likeliest] = [...below.values()].sort((one, other) => other.length - one.length);
  return likeliest === undefined || likeliest.length <= found ? undefined : likeliest[0];
}

/** Hosts that show a site as it was built, and no files for others' pages as networks of caches do. */
const SITE_HOSTS = /\.(?:github\.io|gitlab\.io|netlify\.app|vercel\.app|pages\.dev|surge\.sh|web\.app)$/;

interface Asked {
  /** Empty for the page's own host, else `https://name`. */
  host: string;
  /** Without a slash in front. */
  path: string;
}

/** On the page's own host and on others that it may have been built for, each as often as it is named. */
function addressesIn(page: string, pattern: RegExp): Asked[] {
  const tags = [...page.matchAll(pattern)].slice(0, REFERENCES_MAX).map(([, tag, rest]) => {
    const address = ADDRESS.exec(rest!);
    return { tag: tag!.toLowerCase(), address: address?.[1] ?? address?.[2] ?? address?.[3] };
  });
  const site = new URL("http://site.invalid/");
  const base = urlOf(tags.find(({ tag, address }) => tag === "base" && address !== undefined)?.address, site) ?? site;
  return tags.flatMap(({ tag, address }) => {
    const url = tag === "base" ? undefined : urlOf(address, base);
    if (url === undefined) return [];
    const isOwn = url.host === site.host;
    if (!isOwn && !SITE_HOSTS.test(url.hostname)) return [];
    const path = decoded(url.pathname.slice(1));
    return path === undefined ? [] : [{ host: isOwn ? "" : url.origin, path }];
  });
}

function urlOf(address: string | undefined, base: URL): URL | undefined {
  const text = address?.replaceAll("&amp;", "&").trim();
  return text && URL.canParse(text, base.href) ? new URL(text, base) : undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function baseOf(path: string, has: Page["has"]): string | undefined {
  const parts = path.split("/");
  for (let count = 0; count <= Math.min(BASE_MAX_PARTS, parts.length - 1); count += 1) {
    if (has(parts.slice(count).join("/"))) return parts.slice(0, count).join("/");
  }
  return undefined;
}

const VITE = "'base' in vite.config, or '--base' in the build script";
const ON_VITE = [
  "vite",
  "svelte",
  "solid-js",
  "tanstack-router",
  "tanstack-start",
  "solid-start",
  "vike",
  "qwik",
  "remix",
];

/** Where each framework is told the folder. */
const SETTINGS: Readonly<Record<string, string>> = {
  angular: "'baseHref' in angular.json, or '--base-href' in the build script",
  astro: "'base' in astro.config",
  "create-react-app": "'homepage' in package.json, or the variable PUBLIC_URL",
  docusaurus: "'baseUrl' in docusaurus.config",
  dumi: "'base' and 'publicPath' in .dumirc",
  eleventy: "'pathPrefix' in Eleventy's configuration",
  ember: "'rootURL' in config/environment.js",
  gatsby: "'pathPrefix' in gatsby-config, or '--prefix-paths' in the build script",
  gridsome: "'pathPrefix' in gridsome.config",
  hexo: "'root' and 'url' in _config.yml",
  hugo: "'baseURL' in Hugo's configuration",
  next: "'basePath' and 'assetPrefix' in next.config",
  nuxt: "'app.baseURL' (Nuxt 2: 'router.base') in nuxt.config, or the variable NUXT_APP_BASE_URL",
  parcel: "'--public-url' in the build script",
  quasar: "'publicPath' in quasar.config",
  "react-router": "'basename' in react-router.config and 'base' in vite.config",
  rsbuild: "'server.base' and 'output.assetPrefix' in rsbuild.config",
  rspress: "'base' in rspress.config",
  slidev: "'--base' in the build script",
  "svelte-kit": "'kit.paths.base' in svelte.config",
  umi: "'base' and 'publicPath' in .umirc",
  vitepress: "'base' in .vitepress/config",
  vue: "'publicPath' in vue.config.js",
  vuepress: "'base' in .vuepress/config",
  webpack: "'output.publicPath' in webpack.config",
  ...Object.fromEntries(ON_VITE.map((framework) => [framework, VITE])),
};

function settingOf(framework: string | null): string {
  const setting = SETTINGS[framework ?? ""];
  return setting === undefined ? "look for that name in the build's configuration" : `${setting} says where it lies`;
}
