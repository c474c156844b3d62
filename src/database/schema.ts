import type { ColumnType, Generated, Insertable, JSONColumnType, Selectable } from "kysely";
import type { ContactedHost } from "../model/contacted-host.ts";
import type { LogLine, Resolved, Status, Timings } from "../model/deployment.ts";
import type { ErrorBody } from "../model/errors.ts";
import type { DeploymentId } from "../model/ids.ts";
import type { ProjectSettings } from "../model/project.ts";
import type { Source } from "../model/source.ts";
import type { Context } from "../model/variables.ts";

type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>;
type OptionalTimestamp = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
/** Stored as jsonb; written as JSON text, read as a value. */
type Json<T> = ColumnType<T, string, string>;

export interface Schema {
  projects: ProjectsTable;
  deployments: DeploymentsTable;
  log_lines: LogLinesTable;
  tokens: TokensTable;
  variables: VariablesTable;
}

interface ProjectsTable {
  id: Generated<string>;
  name: string;
  repository: string | null;
  settings: Json<ProjectSettings>;
  production_branch: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
}

interface DeploymentsTable {
  id: DeploymentId;
  project_id: string;
  status: Status;
  /** Raised each time a worker takes the deployment up; a worker that holds an older one may write nothing more. */
  attempt: Generated<number>;
  /** See HostPointer. */
  generation: Generated<string>;
  /** Set when it was put into production; the latest of them is what a rollback leaves. */
  promoted_generation: string | null;
  source: Json<Source>;
  /** Label of the branch's host is made from this; null for a plain folder. */
  branch: string | null;
  production: boolean;
  /** `--prod`: production whatever the branch is. */
  production_asked: boolean;
  /** Its repository is not the project's own, or its commit not of its branch: see src/model/trust.ts. */
  fork: Generated<boolean>;
  force: boolean;
  root: string | null;
  source_tree: string | null;
  /** Name of what its build gives (build-key.ts); null where there was none. */
  build_key: string | null;
  /** Its build began with what a preview's build had left, or it shows what such a build gave. */
  restored_preview: Generated<boolean>;
  framework: string | null;
  package_manager: string | null;
  node: string | null;
  files: Generated<number>;
  bytes: ColumnType<string, number | undefined, number>;
  new_bytes: ColumnType<string, number | undefined, number>;
  reused: Generated<boolean>;
  timings: JSONColumnType<Partial<Timings>, string | undefined, string>;
  error: ColumnType<ErrorBody | null, string | null, string | null>;
  resolved: JSONColumnType<Record<string, Resolved>, string | undefined, string>;
  warnings: JSONColumnType<string[], string | undefined, string>;
  contacted: JSONColumnType<ContactedHost[], string | undefined, string>;
  created_at: Timestamp;
  queued_at: OptionalTimestamp;
  finished_at: OptionalTimestamp;
}

interface LogLinesTable {
  deployment_id: DeploymentId;
  seq: number;
  at: Timestamp;
  step: LogLine["step"];
  stream: LogLine["stream"];
  text: string;
}

/** API tokens, browser sessions and one-time sign-in links: only their hashes are kept. */
interface TokensTable {
  hash: string;
  kind: "api" | "session" | "sign-in";
  name: string;
  created_at: Timestamp;
  expires_at: OptionalTimestamp;
}

/** Declared variables: every value is encrypted, see src/work/secrets.ts. */
interface VariablesTable {
  project_id: string;
  name: string;
  context: Context;
  secret: boolean;
  install: boolean;
  key_id: string;
  sealed: string;
  updated_at: Timestamp;
}

export type ProjectRow = Selectable<ProjectsTable>;
export type DeploymentRow = Selectable<DeploymentsTable>;
export type NewDeploymentRow = Insertable<DeploymentsTable>;
export type VariableRow = Selectable<VariablesTable>;
export type NewVariableRow = Insertable<VariablesTable>;
