import { expect, test } from "bun:test";
import { knownBody } from "../http/known-body.ts";
import { BerthError } from "../model/errors.ts";
import { badRequest, fault, notFound, notShown, pageResponse, unknownHost } from "./pages.ts";

const request = (accept?: string) => new Request("http://a/", accept === undefined ? {} : { headers: { accept } });

test("whatever is shown is escaped, and nothing is loaded from elsewhere", async () => {
  const response = pageResponse(unknownHost('<script>"&'), request("text/html"));
  const text = await response.text();
  expect(text).not.toContain("<script>");
  expect(text).not.toMatch(/(?:src|href|url)\s*[=(]/);
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
});

test.each([
  [undefined, false],
  ["*/*", false],
  ["application/json", true],
  ["application/json, text/plain, */*", true],
  ["text/html, application/json", false],
  ["text/html;q=0.5, application/json", true],
  ["text/html;q=0, application/json;q=0.1", true],
  ["application/json;q=0", false],
  ["application/problem+json", true],
  ["application/vnd.api+json, */*;q=0.1", true],
  ["application/*", true],
  ["text/*, application/json;q=0.9", false],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", false],
  ["image/avif,image/webp,*/*;q=0.8", false],
  ["text/plain", false],
])("Accept %p gets JSON: %p", async (accept, isJson) => {
  const response = pageResponse(notFound, request(accept));
  expect(response.headers.get("content-type")).toContain(isJson ? "application/json" : "text/html");
  if (isJson) expect((await response.json()).error.code).toBe("not_found");
});

test.each([
  [403, "forbidden"],
  [410, "not_found"],
  [418, "status_by_rule"],
  [503, "status_by_rule"],
])("a rule's %d without a page is no fault of the platform: %s", async (status, code) => {
  const response = pageResponse(notShown(status), request("application/json"));
  expect([response.status, (await response.json()).error.code]).toEqual([status, code]);
});

test.each([
  [400, "bad_request"],
  [413, "payload_too_large"],
  [501, "bad_request"],
] as const)("what is no request is told with %d: %s", (status, code) => {
  const response = badRequest({ status, message: "", hint: "" }, "application/json");
  const told = JSON.parse(new TextDecoder().decode(knownBody(response)!.bytes));
  expect([response.status, told.error.code]).toEqual([status, code]);
});

test("a fault shows its code and nothing of the inside", async () => {
  const error = new BerthError("corrupt_object", "blobs/aa/secret is damaged", { hint: "x" });
  const text = await pageResponse(fault(error), request("application/json")).text();
  expect(text).toContain("corrupt_object");
  expect(text).not.toContain("secret");
});
