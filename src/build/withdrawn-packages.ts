/**
 * Archives that the registry has no longer, with what is taken in their place. fsevents from 1.0.0 to 1.2.10 were taken
 * away, since their installation ran what others had put on a host that was given up
 * (https://github.com/advisories/GHSA-xv2f-5jw4-v95m). It is optional and made for macOS alone, so a build here never
 * installs it, but Yarn 1 fetches the archive first and fails.
 */
const FSEVENTS =
  /^("?fsevents@[^\n]*:\n {2}version )"1\.(?:[01]\.\d+|2\.(?:\d|10))"\n {2}resolved "[^"\n]*"(?:\n {2}integrity [^\n]*)?/gm;

const LATER = [
  '"1.2.13"',
  '  resolved "fsevents/-/fsevents-1.2.13.tgz#f325cb0455592428bcf11b383370ef70e3bfcc38"',
  "  integrity sha512-oWb1Z6mkHIskLzEJ/XWX0srkpkTQ7vaopMQkyaEIoq0fmtFVxOthb8cCxeT+p3ynTdkk/RZwbgG4brR5BeWECw==",
].join("\n");

/** A lockfile of Yarn 1, as it must be for an install to come to its end; others skip such packages by themselves. Pure. */
export function withoutWithdrawn(lockfile: string): string {
  return lockfile.replace(FSEVENTS, `$1${LATER}`);
}
