import { BerthError } from "../model/errors.ts";

/**
 * errno(3) of opening and reading names that a build chose: too long, closed, a link, a device, gone. What a process
 * lacks (descriptors, memory) and what a disk fails at is not among them.
 */
const OF_THE_ENTRY = new Set([
  ...["EACCES", "EPERM", "ENAMETOOLONG", "ELOOP", "ENOTDIR", "EISDIR", "ENOENT"],
  ...["ENXIO", "ENODEV", "EINVAL", "EILSEQ", "EOPNOTSUPP", "EOVERFLOW", "EFBIG"],
]);

/**
 * What was thrown while an entry of the output was looked at: a fault of the entry is the build's, and would be there
 * at every further attempt. @returns BerthError `output_refused` for those, else what was thrown
 */
export function refusalOf(thrown: unknown, entry: string): unknown {
  if (thrown instanceof BerthError) return thrown;
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === undefined || !OF_THE_ENTRY.has(code)) return thrown;
  const reason = code === "EFBIG" ? "it holds too many names" : code;
  return new BerthError("output_refused", `${JSON.stringify(entry.slice(0, 300))} can't be read (${reason}).`, {
    hint: "Change the build so that it does not write it, or publish another folder.",
    cause: thrown,
  });
}
