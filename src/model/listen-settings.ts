import { z } from "zod";
import { parseNetworks } from "./networks.ts";
import { wholeNumber } from "./setting-forms.ts";

/** How the platform is reached, and what it tells of that: a part of the table in `settings.ts`. */
export const listenSettings = {
  tlsCertificates: {
    variable: "BERTH_TLS_CERTIFICATES",
    schema: z.string().regex(/^\/./, "must be an absolute path"),
    fallback: null,
    meaning:
      "Folder of certificates (`NAME.crt` with `NAME.key`, or `fullchain.pem` with `privkey.pem`, there or one folder below). With it HTTPS is on: [https.md](https.md).",
  },
  httpsPort: {
    variable: "BERTH_HTTPS_PORT",
    schema: wholeNumber(0, 65535),
    fallback: 443,
    meaning: "Port of HTTPS: TCP, and UDP for HTTP/3. Nothing listens there without certificates.",
  },
  http3: {
    variable: "BERTH_HTTP3",
    schema: z.enum(["on", "off"]),
    fallback: "on",
    meaning: "Whether HTTPS is spoken over QUIC too, and clients are told so by `Alt-Svc`.",
  },
  httpsRedirect: {
    variable: "BERTH_HTTPS_REDIRECT",
    schema: z.enum(["on", "off"]),
    fallback: "on",
    meaning: "Whether plain HTTP requests of hosts that have a certificate are sent to HTTPS (308).",
  },
  hsts: {
    variable: "BERTH_HSTS",
    schema: z
      .string()
      .regex(
        /^(off|max-age=\d{1,10}(; ?includeSubDomains)?(; ?preload)?)$/,
        "must be off or like max-age=31536000; includeSubDomains",
      ),
    fallback: "off",
    meaning: "Value of `Strict-Transport-Security` on HTTPS responses; browsers hold to it for as long as it says.",
  },
  sitesScheme: {
    variable: "BERTH_SITES_SCHEME",
    schema: z.enum(["http", "https"]),
    fallback: null,
    meaning:
      "Scheme in the URLs of sites, when another process or a proxy speaks TLS for them. Default: `https` where a certificate is valid for the hosts below BERTH_SITES_DOMAIN.",
  },
  trustedProxies: {
    variable: "BERTH_TRUSTED_PROXIES",
    schema: z
      .string()
      .refine(
        (text) => parseNetworks(text) !== undefined,
        "must be addresses and networks such as 10.0.0.0/8, with commas between them",
      ),
    fallback: "",
    meaning:
      "Addresses and networks of reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: [https.md](https.md). Default: none.",
  },
  edgeWorkers: {
    variable: "BERTH_EDGE_WORKERS",
    schema: wholeNumber(1, 64),
    fallback: 1,
    meaning: "Processes that serve sites on the same port; 1 serves in the platform's own process.",
  },
  accessLog: {
    variable: "BERTH_ACCESS_LOG",
    schema: z.string().regex(/^(off|-|\/.+)$/, "must be off, - or an absolute path"),
    fallback: "off",
    meaning: "One JSON line a request: `off`, a file, or `-` for standard error. See [operating.md](operating.md).",
  },
  metricsToken: {
    variable: "BERTH_METRICS_TOKEN",
    schema: z.string().regex(/^[\x21-\x7e]{16,200}$/, "must be 16 to 200 visible ASCII characters"),
    fallback: null,
    meaning: "Bearer token that opens `/metrics` and nothing else, beside the tokens that open everything.",
  },
} as const;
