import type { GeneratedSite } from "./generate.ts";

export interface Answer {
  status: number;
  location: string | undefined;
  body: string;
  headers: string;
}

export interface Difference {
  site: GeneratedSite;
  target: string;
  theirs: Answer;
  ours: Answer;
}

interface Class {
  title: string;
  applies(difference: Difference): boolean;
}

export function isSame(theirs: Answer, ours: Answer): boolean {
  return (
    theirs.status === ours.status &&
    theirs.location === ours.location &&
    theirs.body === ours.body &&
    theirs.headers === ours.headers
  );
}

/** What Berth does on purpose otherwise than Cloudflare; docs/differences.md argues each. The first that applies counts. */
export const CLASSES: Record<string, Class> = {};

export function classOf(difference: Difference): string {
  return Object.entries(CLASSES).find(([, { applies }]) => applies(difference))?.[0] ?? "unexplained";
}
