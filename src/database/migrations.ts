import { type Kysely, sql } from "kysely";
import { type Migration, type MigrationProvider, Migrator } from "kysely/migration";
import { BerthError } from "../model/errors.ts";
import type { Schema } from "./schema.ts";

/** Forward only. A migration that has shipped is never edited: a new one follows it. */
const MIGRATIONS: Record<string, Migration> = {
  "0001-first": migration(() => FIRST),
  "0002-build-key": migration(() => BUILD_KEY),
  "0002-variables": migration(() => VARIABLES),
  "0002-wall": migration(() => CONTACTED),
  "0003-restored-preview": migration(() => RESTORED_PREVIEW),
};

function migration(statements: () => readonly string[]): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const statement of statements()) await sql.raw(statement).execute(db);
    },
  };
}

const FIRST = [
  `create sequence generations`,
  `create table projects (
    id bigint generated always as identity primary key,
    name text not null unique,
    repository text,
    settings jsonb not null default '{}',
    production_branch text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create table deployments (
    id text primary key,
    project_id bigint not null references projects on delete cascade,
    status text not null check (status in
      ('pending','uploading','queued','building','publishing','ready','failed','canceled','superseded')),
    attempt integer not null default 0,
    generation bigint not null default nextval('generations'),
    promoted_generation bigint,
    source jsonb not null,
    branch text,
    production boolean not null,
    production_asked boolean not null,
    force boolean not null,
    root text,
    source_tree text,
    framework text,
    package_manager text,
    node text,
    files integer not null default 0,
    bytes bigint not null default 0,
    new_bytes bigint not null default 0,
    reused boolean not null default false,
    timings jsonb not null default '{}',
    error jsonb,
    resolved jsonb not null default '{}',
    warnings jsonb not null default '[]',
    created_at timestamptz not null default now(),
    queued_at timestamptz,
    finished_at timestamptz
  )`,
  `create index deployments_by_project on deployments (project_id, generation desc)`,
  `create index deployments_by_age on deployments (generation desc)`,
  `create index deployments_unfinished on deployments (status)
    where status in ('pending','uploading','queued','building','publishing')`,
  `create table log_lines (
    deployment_id text not null references deployments on delete cascade,
    seq integer not null,
    at timestamptz not null,
    step text not null,
    stream text not null,
    text text not null,
    primary key (deployment_id, seq)
  )`,
  `create table tokens (
    hash text primary key,
    kind text not null check (kind in ('api','session','sign-in')),
    name text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz
  )`,
];

const BUILD_KEY = [
  `alter table deployments add column build_key text`,
  `create index deployments_by_build on deployments (project_id, build_key, generation desc) where status = 'ready'`,
];

const CONTACTED = [`alter table deployments add column contacted jsonb not null default '[]'`];

const RESTORED_PREVIEW = [`alter table deployments add column restored_preview boolean not null default false`];

const VARIABLES = [
  `create table variables (
    project_id bigint not null references projects on delete cascade,
    name text not null,
    context text not null check (context in ('all','production','preview')),
    secret boolean not null,
    install boolean not null,
    key_id text not null,
    sealed text not null,
    updated_at timestamptz not null default now(),
    primary key (project_id, name, context)
  )`,
  `alter table deployments add column fork boolean not null default false`,
];

/**
 * Brings the schema up to date. Several processes may start at once: the migrator holds a lock of the database.
 * @throws BerthError `setting_invalid` when the database was written by a newer version
 */
export async function migrateToLatest(db: Kysely<Schema>): Promise<void> {
  const provider: MigrationProvider = { getMigrations: async () => MIGRATIONS };
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === "Error");
  throw new BerthError(
    "setting_invalid",
    `BERTH_DATABASE: the schema can't be brought up to date${failed ? ` (${failed.migrationName})` : ""}.`,
    {
      hint: "The database may have been used by a newer version of the platform: start that version.",
      cause: error,
    },
  );
}
