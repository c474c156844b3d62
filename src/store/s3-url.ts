import { BerthError } from "../model/errors.ts";

export interface S3Address {
  bucket: string;
  /** Empty, or ends with a slash. */
  prefix: string;
  endpoint?: string;
  region: string;
}

const FORM = "s3://bucket/optional/prefix?endpoint=https://host&region=name";

/**
 * Reads `s3://bucket[/prefix]?endpoint=…&region=…`.
 * @throws BerthError `setting_invalid`
 */
export function parseS3Url(text: string): S3Address {
  if (!URL.canParse(text) || !text.startsWith("s3://")) throw wrong("is no s3:// URL");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    throw wrong("holds credentials; they belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  // Amazon S3 User Guide, "General purpose bucket naming rules"
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.host)) throw wrong("has no valid bucket name");
  const prefix = url.pathname.replace(/^\/+|\/+$/g, "");
  if (prefix !== "" && !prefix.split("/").every((part) => /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(part))) {
    throw wrong("has a prefix of other characters than A-Z, a-z, 0-9, '.', '_', '-' and '/'");
  }
  for (const name of url.searchParams.keys()) {
    if (name !== "endpoint" && name !== "region") throw wrong(`has the unknown parameter '${name}'`);
  }
  const endpoint = url.searchParams.get("endpoint") ?? undefined;
  if (endpoint !== undefined && !/^https?:\/\//.test(endpoint)) throw wrong("has an endpoint that is no http(s) URL");
  if (endpoint !== undefined && !URL.canParse(endpoint)) throw wrong("has an endpoint that is no URL");
  return {
    bucket: url.host,
    prefix: prefix === "" ? "" : `${prefix}/`,
    endpoint,
    region: url.searchParams.get("region") ?? "us-east-1",
  };
}

function wrong(reason: string): BerthError {
  return new BerthError("setting_invalid", `BERTH_STORE ${reason}.`, { hint: `Give it the form ${FORM}.` });
}
