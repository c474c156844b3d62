import { z } from "zod";
import { EARLIER_HOURS_MAX, EARLIER_MAX } from "./host-pointer.ts";
import { wholeNumber } from "./setting-forms.ts";

/** What request handlers keep, and how they ask other servers: a part of the table in `settings.ts`. */
export const serveSettings = {
  edgeMemoryMiB: {
    variable: "BERTH_EDGE_MEMORY_MIB",
    schema: wholeNumber(8, 1_048_576),
    fallback: 64,
    meaning:
      "Memory in which a request handler keeps manifests and small files, in MiB. The process itself comes on top.",
  },
  edgeCacheMiB: {
    variable: "BERTH_EDGE_CACHE_MIB",
    schema: wholeNumber(0, 16_777_216),
    fallback: 4096,
    meaning:
      "Disk space in the data directory in which a request handler keeps what it read of an S3 store, in MiB; what was used the longest time ago goes first. 0 keeps nothing. A store in a folder is never copied.",
  },
  skewDeployments: {
    variable: "BERTH_SKEW_DEPLOYMENTS",
    schema: wholeNumber(0, EARLIER_MAX),
    fallback: 10,
    meaning:
      "In how many earlier deployments of a host an asset is looked for that the present one lacks; 0 looks in none.",
  },
  skewHours: {
    variable: "BERTH_SKEW_HOURS",
    schema: wholeNumber(0, EARLIER_HOURS_MAX),
    fallback: 24,
    meaning: "For how many hours after it was replaced a deployment still gives such assets.",
  },
  proxyTimeoutSeconds: {
    variable: "BERTH_PROXY_TIMEOUT_SECONDS",
    schema: wholeNumber(1, 3600),
    fallback: 30,
    meaning: "Longest wait for a server that a rewrite leads to, and longest silence within its answer, in seconds.",
  },
  proxyTotalSeconds: {
    variable: "BERTH_PROXY_TOTAL_SECONDS",
    schema: wholeNumber(1, 86_400),
    fallback: 300,
    meaning: "Longest time that the answer of such a server takes, in seconds.",
  },
  proxyMiB: {
    variable: "BERTH_PROXY_MIB",
    schema: wholeNumber(1, 1_048_576),
    fallback: 100,
    meaning: "Most bytes of such an answer, in MiB.",
  },
  proxyRequestMiB: {
    variable: "BERTH_PROXY_REQUEST_MIB",
    schema: wholeNumber(1, 1024),
    fallback: 10,
    meaning: "Most bytes of a request that is passed on to such a server, in MiB.",
  },
  privateOrigins: {
    variable: "BERTH_PRIVATE_ORIGINS",
    schema: z.enum(["yes", "no"]),
    fallback: "no",
    meaning:
      "Whether rewrites may lead to loopback, private and link-local addresses and to the machine's own: with `yes`, whoever deploys a site can read what the machine reaches there.",
  },
} as const;
