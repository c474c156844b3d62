import { z } from "zod";

/** A number as a flag, a variable or `config.json` gives it: what else JavaScript would take for one is none. */
export function wholeNumber(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,15}$/)
          .transform(Number),
      ],
      { error },
    )
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, error);
}

/** What is wrong with a value, as the rest of a sentence that begins with it. */
export function reasonOf({ message }: { message: string }): string {
  const choices = /^Invalid option: expected one of (.*)$/.exec(message)?.[1];
  if (choices !== undefined) return `must be one of ${choices.replaceAll('"', "").replaceAll("|", ", ")}`;
  const most = /^Too big: expected string to have <=(\d+) characters$/.exec(message)?.[1];
  if (most !== undefined) return `must have at most ${most} characters`;
  const least = /^Too small: expected string to have >=(\d+) characters$/.exec(message)?.[1];
  if (least !== undefined) return least === "1" ? "must not be empty" : `must have at least ${least} characters`;
  return message.replace(/^Invalid/, "is invalid");
}
