import { isYarnOne } from "./commands.ts";
import { majorOfNode } from "./node-version.ts";
import type { ChosenManager } from "./package-manager.ts";
import { majorOf } from "./site.ts";
import type { PackageJson } from "./source-files.ts";

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
  CHROMEDRIVER_SKIP_DOWNLOAD: "true",
  ELECTRON_SKIP_BINARY_DOWNLOAD: "1",
  SENTRYCLI_SKIP_DOWNLOAD: "1",
  HUSKY: "0",
  LEFTHOOK: "0",
  SKIP_INSTALL_SIMPLE_GIT_HOOKS: "1",
  SKIP_YARN_COREPACK_CHECK: "1",
  COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
  // The platform has fetched the version that is asked for; pnpm 11 would fetch and verify itself once more, and pnpm
  // refuses to stand in where packageManager names another.
  COREPACK_ENABLE_STRICT: "0",
  pnpm_config_pm_on_fail: "ignore",
  YARN_ENABLE_TELEMETRY: "0",
  NEXT_TELEMETRY_DISABLED: "1",
  ASTRO_TELEMETRY_DISABLED: "1",
  GATSBY_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  STORYBOOK_DISABLE_TELEMETRY: "1",
  TURBO_TELEMETRY_DISABLED: "1",
  NX_DAEMON: "false",
  NX_NO_CLOUD: "true",
  NG_CLI_ANALYTICS: "false",
  DO_NOT_TRACK: "1",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
  npm_config_progress: "false",
  npm_config_yes: "true",
  // A registry that does not answer is given up within a minute or two.
  npm_config_fetch_retry_mintimeout: "1000",
  npm_config_fetch_retry_maxtimeout: "10000",
  npm_config_fetch_timeout: "60000",
};

interface Question {
  framework: string | undefined;
  packageJson: PackageJson;
  nodeVersion: string;
  manager: ChosenManager;
  /** What the repository's own files set; it goes before ours. */
  declared: Record<string, string>;
}

export function buildEnvironment(question: Question): Record<string, string> {
  const { framework, packageJson, nodeVersion, manager, declared } = question;
  const env = { ...ALWAYS };
  // For pnpm up to 10, since npm warns of these names. It would try to link each package first, and pnpm 7 would say of
  // each that it can't: its store and the site are different mounts.
  if (manager.name === "pnpm") {
    env.npm_config_manage_package_manager_versions = "false";
    env.npm_config_package_import_method = "copy";
  }
  // The others only warn when a package's range of Nodes does not hold the one that the source asks for.
  if (manager.name === "yarn" && isYarnOne(manager.version)) env.YARN_IGNORE_ENGINES = "true";
  // It turns warnings into errors where CI is set: a warning should not keep a site from going live.
  if (framework === "create-react-app") env.CI = "false";
  // Nitro takes its being set for Vercel itself, and writes for that host.
  if (usesNitro(packageJson)) env.VERCEL_ENV = "";
  if (usesOldHashes(packageJson) && majorOfNode(nodeVersion) >= 17) {
    env.NODE_OPTIONS = "--openssl-legacy-provider";
  }
  return { ...env, ...declared };
}

const NITRO =
  /^(?:nitro|nitropack|nitro-nightly|nuxt3?|nuxt-nightly|vinxi|@solidjs\/start|@tanstack\/(?:\w+-)?start|@analogjs\/(?:platform|vite-plugin-nitro))$/;

function usesNitro({ dependencies, devDependencies }: PackageJson): boolean {
  return Object.keys({ ...dependencies, ...devDependencies }).some((name) => NITRO.test(name));
}

/** webpack 4 asks for MD4, which OpenSSL 3 of Node 17 and later gives only on demand. */
function usesOldHashes(packageJson: PackageJson): boolean {
  const below = (name: string, major: number) => (majorOf(packageJson, name) ?? major) < major;
  return (
    below("webpack", 5) ||
    below("react-scripts", 5) ||
    below("@vue/cli-service", 5) ||
    below("vuepress", 2) ||
    below("preact-cli", 4) ||
    below("nuxt", 3) ||
    below("next", 11) ||
    below("gatsby", 3)
  );
}
