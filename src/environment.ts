import { homedir } from "node:os";

/** What the process was started with. The only file that reads `process.env`; everything else is handed its values. */
export const environment: Readonly<{
  dataDirectory?: string;
  home: string;
  xdgDataHome?: string;
  xdgConfigHome?: string;
  /** https://no-color.org: set to anything but the empty text. */
  noColor: boolean;
  isRoot: boolean;
  variables: Readonly<Record<string, string | undefined>>;
}> = Object.freeze({
  dataDirectory: filled(process.env.BERTH_DATA),
  home: filled(process.env.HOME) ?? homedir(),
  xdgDataHome: absolute(process.env.XDG_DATA_HOME),
  xdgConfigHome: absolute(process.env.XDG_CONFIG_HOME),
  noColor: filled(process.env.NO_COLOR) !== undefined || process.env.TERM === "dumb",
  isRoot: process.getuid?.() === 0,
  variables: Object.freeze({ ...process.env }),
});

function filled(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/** XDG Base Directory Specification: "All paths set in these environment variables must be absolute", else ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith("/") ? path : undefined;
}
