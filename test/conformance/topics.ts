import type { Topic } from "./case.ts";
import { caching } from "./topics/caching.ts";
import { cloudflareCorners } from "./topics/cloudflare-corners.ts";
import { conditionals } from "./topics/conditionals.ts";
import { encoding } from "./topics/encoding.ts";
import { examplesCloudflare } from "./topics/examples-cloudflare.ts";
import { examplesNetlify } from "./topics/examples-netlify.ts";
import { examplesVercel } from "./topics/examples-vercel.ts";
import { headerFiles } from "./topics/header-files.ts";
import { htmlHandling } from "./topics/html-handling.ts";
import { mediaTypes } from "./topics/media-types.ts";
import { messageCorners } from "./topics/message-corners.ts";
import { messages } from "./topics/messages.ts";
import { methods } from "./topics/methods.ts";
import { names } from "./topics/names.ts";
import { negotiation } from "./topics/negotiation.ts";
import { netlifyCorners } from "./topics/netlify-corners.ts";
import { netlifyToml } from "./topics/netlify-toml.ts";
import { notFound } from "./topics/not-found.ts";
import { proxyingAndProtection } from "./topics/proxying-and-protection.ts";
import { ranges } from "./topics/ranges.ts";
import { redirectsCloudflare } from "./topics/redirects-cloudflare.ts";
import { redirectsNetlify } from "./topics/redirects-netlify.ts";
import { semanticsCorners } from "./topics/semantics-corners.ts";
import { vercelCorners } from "./topics/vercel-corners.ts";
import { vercelJson } from "./topics/vercel-json.ts";

export const TOPICS: readonly Topic[] = [
  htmlHandling,
  notFound,
  encoding,
  methods,
  conditionals,
  ranges,
  negotiation,
  caching,
  mediaTypes,
  messages,
  redirectsNetlify,
  redirectsCloudflare,
  headerFiles,
  netlifyToml,
  vercelJson,
  examplesCloudflare,
  examplesNetlify,
  examplesVercel,
  proxyingAndProtection,
  cloudflareCorners,
  netlifyCorners,
  vercelCorners,
  semanticsCorners,
  messageCorners,
  names,
];
