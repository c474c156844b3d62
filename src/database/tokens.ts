import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { sha256 } from "../model/ids.ts";
import type { Database } from "./postgres.ts";

export type TokenKind = "api" | "session" | "sign-in";

/** Makes a secret of 256 random bits and keeps its hash. A lifetime of undefined means until it is deleted. */
export async function issueToken(
  { query }: Database,
  token: { kind: TokenKind; name: string; lifetimeMs?: number },
): Promise<string> {
  const secret = `berth_${randomBytes(32).toString("base64url")}`;
  await query
    .insertInto("tokens")
    .values({
      hash: sha256(secret),
      kind: token.kind,
      name: token.name,
      expires_at: token.lifetimeMs === undefined ? null : new Date(Date.now() + token.lifetimeMs),
    })
    .execute();
  return secret;
}

/** Notes a secret that the caller keeps itself, such as the one in the data directory. */
export async function keepToken({ query }: Database, token: { secret: string; name: string }): Promise<void> {
  await query
    .insertInto("tokens")
    .values({ hash: sha256(token.secret), kind: "api", name: token.name })
    .onConflict((conflict) => conflict.column("hash").doNothing())
    .execute();
}

/** @returns the token's name, or undefined when there is no such token or it has expired */
export async function checkToken({ query }: Database, kind: TokenKind, secret: string): Promise<string | undefined> {
  const row = await query
    .selectFrom("tokens")
    .select("name")
    .where("hash", "=", sha256(secret))
    .where("kind", "=", kind)
    .where(sql<boolean>`(expires_at is null or expires_at > now())`)
    .executeTakeFirst();
  return row?.name;
}

/** Takes a token out of use. Of several calls at once exactly one gets true: a sign-in link works once. */
export async function spendToken({ query }: Database, kind: TokenKind, secret: string): Promise<boolean> {
  const { numDeletedRows } = await query
    .deleteFrom("tokens")
    .where("hash", "=", sha256(secret))
    .where("kind", "=", kind)
    .where(sql<boolean>`(expires_at is null or expires_at > now())`)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

export async function deleteExpiredTokens({ query }: Database): Promise<void> {
  await query.deleteFrom("tokens").where("expires_at", "<", new Date()).execute();
}
