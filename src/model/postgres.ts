/** How to reach a PostgreSQL server: a URL, or the parts, where `host` may be the folder of a unix socket. */
export type PostgresConnection =
  | { connectionString: string }
  | { host: string; port: number; user: string; password: string; database: string };
