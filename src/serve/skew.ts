import { BerthError } from "../model/errors.ts";
import type { HostPointer } from "../model/host-pointer.ts";
import type { DeploymentId } from "../model/ids.ts";
import { hasAssetExtension, isHtml } from "./media-types.ts";
import { decodePath } from "./request-path.ts";
import type { Decision } from "./resolve.ts";
import type { Site, SiteFile } from "./site.ts";

export interface SkewLimits {
  /** How many earlier deployments of a host are looked into. */
  deployments: number;
  /** For how long after it was replaced. */
  hours: number;
}

export const SKEW: SkewLimits = { deployments: 10, hours: 24 };
const MISSING_MAX = 10_000;

/**
 * Whether a page's part is asked for and not a page: a script, a style, a picture by its ending, and no navigation by
 * the browser's word (Fetch Metadata, `Sec-Fetch-Mode`).
 */
function asksForAsset(path: string, headers: Pick<Headers, "get">): boolean {
  return hasAssetExtension(path) && headers.get("sec-fetch-mode") !== "navigate";
}

/**
 * Whether an earlier deployment is looked into for what this one does not have. A rewrite that shows a page at an asset's
 * address, as the single-page rule does, has it not. A 404 that a rule wants is final, unless the rule is for all paths.
 */
export function mayBeEarlier(
  decision: Decision<number>,
  files: Pick<Site["files"], "pathAt">,
  { method, path, headers }: { method: string; path: string; headers: Pick<Headers, "get"> },
): boolean {
  const isRead = method === "GET" || method === "HEAD";
  return isMissing(decision, files) && isRead && asksForAsset(path, headers);
}

function isMissing(decision: Decision<number>, files: Pick<Site["files"], "pathAt">): boolean {
  if (decision.kind !== "not-found" && decision.kind !== "serve") return false;
  const isFinal = decision.rule !== undefined && !decision.isForAll;
  if (decision.kind === "not-found" || decision.status >= 400) return !isFinal;
  return decision.rule !== undefined && isHtml(files.pathAt(decision.file));
}

/**
 * Skew protection: a page that was loaded before a deployment asks for assets that only the deployment before has. They
 * are served from there for a while.
 */
export class EarlierFiles {
  /** Deployments that were deleted: a manifest that is gone does not come back. */
  private readonly missing = new Set<DeploymentId>();
  /** Files that were found so. */
  served = 0;

  constructor(
    private readonly limits: SkewLimits,
    private readonly loadSite: (id: DeploymentId) => Promise<Site | undefined>,
    private readonly now: () => number,
  ) {}

  /**
   * The file from the newest earlier deployment that has it; undefined at once when the host had none.
   * @throws what the store throws, for then it can't be told whether there is one
   */
  find(pointer: HostPointer, rawPath: string): Promise<SiteFile | undefined> | undefined {
    const oldest = this.now() - this.limits.hours * 3_600_000;
    const earlier = (pointer.earlier ?? [])
      .slice(0, this.limits.deployments)
      .filter(({ replacedAt }) => Date.parse(replacedAt) > oldest);
    return earlier.length === 0 ? undefined : this.search(earlier, rawPath);
  }

  private async search(earlier: readonly { deployment: DeploymentId }[], rawPath: string) {
    const decoded = decodePath(rawPath);
    if (decoded.kind === "bad-path") return undefined;
    for (const { deployment } of earlier) {
      const files = (await this.siteOf(deployment))?.files;
      const file = files?.get(decoded.path);
      if (file === undefined) continue;
      this.served += 1;
      return files!.at(file);
    }
    return undefined;
  }

  private async siteOf(id: DeploymentId): Promise<Site | undefined> {
    if (this.missing.has(id)) return undefined;
    try {
      const site = await this.loadSite(id);
      if (site !== undefined) return site;
    } catch (error) {
      if (!(error instanceof BerthError) || error.code !== "corrupt_object") throw error;
    }
    if (this.missing.size >= MISSING_MAX) this.missing.clear();
    this.missing.add(id);
    return undefined;
  }
}
