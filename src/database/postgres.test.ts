import { expect, test } from "bun:test";
import { asDatabaseFault } from "./postgres.ts";

const fault = (code: string, message = "…") => Object.assign(new Error(message), { code });

test.each([
  ["a server that ends", fault("57P01"), "database_unavailable", "does not answer"],
  ["a socket that nobody listens on", fault("ECONNREFUSED"), "database_unavailable", "does not answer"],
  ["a disk that is full", fault("53100"), "database_unavailable", "no space left"],
  ["a NUL in a request", fault("22021"), "bad_request", "NUL"],
])("%s is told", (_, thrown, code, words) => {
  expect(asDatabaseFault(thrown)).toMatchObject({ code, message: expect.stringContaining(words) });
});

test.each([
  ["a query with a fault", fault("42601")],
  ["no error", "text"],
])("%s is not the database's", (_, thrown) => {
  expect(asDatabaseFault(thrown)).toBeUndefined();
});
