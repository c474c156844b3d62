import { type Explain, name, told } from "./cause.ts";

const NEWER =
  "Install a newer Hugo on the builder's machine, or let the repository depend on the npm package 'hugo-extended' (its program comes from a git host: egress=public).";

/** What Hugo says when it is another one than the site was made for. */
export const HUGO_CAUSES: readonly Explain[] = [
  told(/\bhugo: (?:command )?not found/, () => ({
    what: "Hugo is not installed on the builder's machine",
    next: "The operator can install it ('apt-get install hugo'), or the repository can depend on the npm package 'hugo-extended'.",
  })),
  told(/you need the extended version|this feature is not available in your current Hugo version/i, () => ({
    what: "the site needs Hugo's extended edition, and the machine's is the plain one",
    next: NEWER,
  })),
  told(
    /(?:[Mm]odule|theme) "([^"]+)"[^\n]*(?:not compatible with this Hugo version|requires (?:at least )?Hugo)/,
    (match) => ({
      // Hugo's own name for the site.
      what: `${match[1] === "project" ? "the site" : `the theme ${name(match[1])}`} asks for a newer Hugo than the machine has`,
      next: NEWER,
    }),
  ),
  told(/(?:parse failed|error)[^\n]*function "([\w.]+)" not defined/, (match) => ({
    what: `a template uses '${name(match[1])}', which the machine's Hugo does not know`,
    next: NEWER,
  })),
  told(/can't evaluate field (\w+) in type/, (match) => ({
    what: `a template uses '.${name(match[1])}', which the machine's Hugo does not have there`,
    next: "Hugo has renamed it, or got it later ('hugo version' stands in the log): change the template or update the theme, or install the Hugo that the site was made for on the builder's machine.",
  })),
  told(/module "([^"]+)" not found/, (match) => ({
    what: `the theme or module '${name(match[1])}' is not in the source`,
    next: "Commit the theme below themes/, or add it as a public git submodule over https.",
  })),
  told(/exec: "go": executable file not found/, () => ({
    what: "the site uses Hugo modules, which need the program 'go'",
    next: "Commit the modules with 'hugo mod vendor', or let the operator install golang.",
  })),
];
