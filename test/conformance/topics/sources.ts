/** Where the answers are written down. */

export const CF_HTML = "https://developers.cloudflare.com/workers/static-assets/routing/advanced/html-handling/";
export const CF_SPA = "https://developers.cloudflare.com/workers/static-assets/routing/single-page-application/";
export const CF_SSG = "https://developers.cloudflare.com/workers/static-assets/routing/static-site-generation/";
export const CF_REDIRECTS = "https://developers.cloudflare.com/workers/static-assets/redirects/";
export const CF_HEADERS = "https://developers.cloudflare.com/workers/static-assets/headers/";
export const NETLIFY_REDIRECTS = "https://docs.netlify.com/manage/routing/redirects/overview/";
export const NETLIFY_OPTIONS = "https://docs.netlify.com/manage/routing/redirects/redirect-options/";
export const NETLIFY_REWRITES = "https://docs.netlify.com/manage/routing/redirects/rewrites-proxies/";
export const NETLIFY_HEADERS = "https://docs.netlify.com/manage/routing/headers/";
export const NETLIFY_TOML = "https://docs.netlify.com/build/configure-builds/file-based-configuration/";
export const VERCEL = "https://vercel.com/docs/project-configuration/vercel-json";

/** The table of what Berth does where those disagree. */
export const BERTH = "serving.md";
export const PROXYING = "proxying.md";
export const PROTECTION = "protection.md";
export const RULES = "rules.md";

/** A section of RFC 9110 (HTTP semantics), such as `14.2`. */
export const semantics = (section: string): string => `https://www.rfc-editor.org/rfc/rfc9110.html#section-${section}`;
/** A section of RFC 9112 (HTTP/1.1). */
export const http1 = (section: string): string => `https://www.rfc-editor.org/rfc/rfc9112.html#section-${section}`;
/** A section of RFC 3986 (URIs). */
export const uri = (section: string): string => `https://www.rfc-editor.org/rfc/rfc3986.html#section-${section}`;
/** A section of RFC 9111 (caching). */
export const caching = (section: string): string => `https://www.rfc-editor.org/rfc/rfc9111.html#section-${section}`;
