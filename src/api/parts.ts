import type { Database } from "../database/postgres.ts";
import type { ExplainedRequest, Explanation } from "../model/explanation.ts";
import type { SiteAddress } from "../model/site-hosts.ts";
import type { JobQueue } from "../queue/job-queue.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { SecretBox } from "../work/secrets.ts";

/** What the API needs of the platform. */
export interface ApiParts {
  database: Database;
  store: ObjectStore;
  queue: JobQueue;
  address: SiteAddress;
  /** What the values of variables are encrypted and decrypted with. */
  secrets(): Promise<SecretBox>;
  /** Whether paths of this machine may be deployed. */
  allowsLocalSources: boolean;
  version: string;
  /** Of the website, such as `http://localhost:3000`. */
  baseUrl: string;
  /** The platform's own log, for faults that are not the user's. */
  onFault(error: unknown, context: Record<string, string>): void;
  /** What answers a request to a site, told from the store as the request handler does. */
  explain(request: ExplainedRequest): Promise<Explanation>;
  /** Tells the request handlers, here and elsewhere, that these hosts have moved. Never rejects. */
  onHostsMoved(hosts: readonly string[]): Promise<void>;
}
