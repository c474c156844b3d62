/**
 * What every build is told. CI is what hosts set; the downloads are of browsers that no site needs; the rest keeps
 * tools from asking, phoning home or drawing progress bars.
 */
const ALWAYS: Record<string, string> = {
  CI: "true",
  FORCE_COLOR: "1",
  CYPRESS_INSTALL_BINARY: "0",
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1",
  PUPPETEER_SKIP_DOWNLOAD: "1",
  PUPPETEER_SKIP_CHROMIUM_DOWNLOAD: "1",
  HUSKY: "0",
  SKIP_YARN_COREPACK_CHECK: "1",
  COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
  NEXT_TELEMETRY_DISABLED: "1",
  ASTRO_TELEMETRY_DISABLED: "1",
  GATSBY_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  STORYBOOK_DISABLE_TELEMETRY: "1",
  NG_CLI_ANALYTICS: "false",
  DO_NOT_TRACK: "1",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
  npm_config_progress: "false",
};

/** Create React App turns warnings into errors where CI is set: a warning should not keep a site from going live. */
export function buildEnvironment(framework: string | undefined): Record<string, string> {
  return framework === "create-react-app" ? { ...ALWAYS, CI: "false" } : ALWAYS;
}
