import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Forwarding, isLoop, requestHeaders, responseHeaders } from "./proxy-headers.ts";

const forwarding: Forwarding = {
  host: "site.localhost:3000",
  client: { address: undefined, before: "", isSecure: true },
  withoutAuthorization: false,
};
const CONNECTION = ["connection", "keep-alive", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"];
const name = fc.constantFrom(
  ...CONNECTION,
  "x-a",
  "x-b",
  "cookie",
  "host",
  "content-length",
  "x-berth-token",
  "accept",
);
const pairs = fc.array(fc.tuple(name, fc.constantFrom("1", "x-a", "x-a, X-B", "close, x-b", "a=1", "berth_access=x")));

test("whatever comes, nothing of one connection is handed on, nor a key of the platform", () => {
  fc.assert(
    fc.property(pairs, (given) => {
      const from = new Headers(given);
      const sent = requestHeaders(from, { forwarding });
      const listed = (from.get("connection") ?? "").split(",").map((each) => each.trim().toLowerCase());
      for (const each of [...CONNECTION, ...listed, "host", "content-length", "x-berth-token"]) {
        if (each !== "cookie" && each !== "accept") expect(sent).not.toHaveProperty([each]);
      }
      expect(sent.cookie ?? "").not.toContain("berth_access");
      expect(sent).toMatchObject({ "x-forwarded-host": "site.localhost:3000", "x-forwarded-proto": "https" });
    }),
  );
});

test("a visitor that takes no encoding gets none", () => {
  expect(requestHeaders(new Headers(), { forwarding })["accept-encoding"]).toBe("identity");
  const asked = new Headers({ "accept-encoding": "br" });
  expect(requestHeaders(asked, { forwarding })["accept-encoding"]).toBe("br");
});

test.each([
  [null, false],
  ["other, other, other", false],
  ["berth", false],
  ["berth, berth;v=1", false],
  ["berth, cdn, berth, berth", true],
] as const)("CDN-Loop %p: a circle %p", (header, isCircle) => {
  expect(isLoop(new Headers(header === null ? {} : { "cdn-loop": header }))).toBe(isCircle);
});

test.each([
  ["a=1", "site.localhost", true],
  ["a=1; Domain=site.localhost", "site.localhost", true],
  ["a=1; Domain=.Site.localhost", "site.localhost", true],
  ["a=1; Domain=localhost", "site.localhost", false],
  ["a=1; Domain=other.localhost", "site.localhost", false],
  ["a=1; Domain=site.localhost; Domain=localhost", "site.localhost", false],
  ["a=1; Domain=shop.example", "www.shop.example", true],
  ["a=1; Domain=example", "www.shop.example", false],
  ["a=1; Domain=hop.example", "www.shop.example", false],
  ["a=1; Domain=api.other.example", "www.shop.example", false],
  ["__Host-berth_access=x; Secure; Path=/", "www.shop.example", false],
])("the cookie '%s' on %s stays: %p", (cookie, host, stays) => {
  const headers = responseHeaders(["Set-Cookie", cookie], { host, sitesDomain: "localhost", isIndexed: true });
  expect(headers.getSetCookie()).toEqual(stays ? [cookie] : []);
});

test("what is no header is left out, the rest stays", () => {
  const raw = ["Bad Name", "1", "X-Good", "1", "X-Bad", "a\u0000b", "X-Twice", "1", "X-Twice", "2"];
  const headers = responseHeaders(raw, { host: "site.localhost", sitesDomain: "localhost", isIndexed: false });
  expect(Object.fromEntries(headers)).toEqual({ "x-good": "1", "x-twice": "1, 2", "x-robots-tag": "noindex" });
});

test("no server behind a site gives orders to the one in front of the platform", () => {
  const orders = ["X-Accel-Redirect", "X-Accel-Expires", "X-Sendfile", "X-Lighttpd-Send-File", "X-LiteSpeed-Location"];
  const raw = [...orders, "X-Reproxy-URL", "X-Accel-Buffering"].flatMap((name) => [name, "no"]);
  const headers = responseHeaders(raw, { host: "site.localhost", sitesDomain: "localhost", isIndexed: true });
  expect(Object.fromEntries(headers)).toEqual({ "x-accel-buffering": "no" });
});
