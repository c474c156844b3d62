import { describe, expect, test } from "bun:test";
import { decide, parseProxyRequest, usableAddresses } from "./egress-policy.ts";

const registries = [
  { host: "registry.example", port: 443, plain: false },
  { host: "localhost", port: 4873, plain: true },
];

function allows(policy: "none" | "registry" | "public", target: string, kind: "tunnel" | "http" = "tunnel"): boolean {
  const head = kind === "tunnel" ? `CONNECT ${target} HTTP/1.1` : `GET http://${target}/a HTTP/1.1`;
  const request = parseProxyRequest(head);
  return request !== undefined && decide(request, { policy, registries }).allowed;
}

describe("decide", () => {
  test.each([
    ["none", "registry.example:443", false],
    ["registry", "registry.example:443", true],
    ["registry", "REGISTRY.example.:443", true],
    ["registry", "registry.example:80", false],
    ["registry", "evil-registry.example:443", false],
    ["registry", "registry.example.evil.test:443", false],
    ["registry", "localhost:4873", true],
    ["registry", "localhost:443", false],
    ["registry", "example.com:443", false],
    ["public", "example.com:443", true],
    ["public", "example.com:80", false],
    ["public", "example.com:22", false],
    ["public", "127.0.0.1:443", false],
    ["public", "8.8.8.8:443", false],
    ["public", "2130706433:443", false],
    ["public", "0x7f.1:443", false],
    ["public", "0x7f000001:443", false],
    ["public", "127.1:443", false],
    ["public", "[::1]:443", false],
  ] as const)("%s lets a tunnel to %s: %p", (policy, target, expected) => {
    expect(allows(policy, target)).toBe(expected);
  });

  test("https asked for without a tunnel goes where a tunnel would", () => {
    const asked = (policy: "registry" | "public", url: string) =>
      decide(parseProxyRequest(`GET ${url} HTTP/1.1`)!, { policy, registries }).allowed;
    expect(asked("registry", "https://registry.example/a")).toBe(true);
    expect(asked("registry", "https://example.com/a")).toBe(false);
    expect(asked("public", "https://example.com/a")).toBe(true);
    expect(asked("public", "https://example.com:8443/a")).toBe(false);
    expect(asked("public", "https://127.0.0.1/a")).toBe(false);
  });

  test("plain http goes to registries that are configured so, and nowhere else", () => {
    expect(allows("registry", "localhost:4873", "http")).toBe(true);
    expect(allows("public", "example.com", "http")).toBe(false);
    expect(allows("public", "registry.example:443", "http")).toBe(false);
  });
});

test("one address that is not public condemns the name, but not a registry's", () => {
  const own = ["9.9.9.9"];
  const strict = { anyAddress: false, own };
  expect(usableAddresses(["8.8.8.8"], strict)).toEqual(["8.8.8.8"]);
  expect(usableAddresses(["8.8.8.8", "10.0.0.1"], strict)).toEqual([]);
  expect(usableAddresses(["8.8.8.8", "9.9.9.9"], strict)).toEqual([]);
  const open = { anyAddress: true, own };
  expect(usableAddresses(["9.9.9.9", "10.0.0.1"], open)).toEqual(["9.9.9.9", "10.0.0.1"]);
});

describe("parseProxyRequest", () => {
  test.each([
    "",
    "GET / HTTP/1.1",
    "CONNECT example.com HTTP/1.1",
    "CONNECT user@example.com:443 HTTP/1.1",
    "CONNECT example.com:443/ HTTP/1.1",
    "CONNECT example.com:443 HTTP/2",
    "CONNECT exa\u0000mple.com:443 HTTP/1.1",
    "GET ftp://example.com/ HTTP/1.1",
    "GET\t/other\tHTTP/1.1\nHost:other\n\nGET http://localhost:4873/ HTTP/1.1",
    `CONNECT ${"a".repeat(255)}:443 HTTP/1.1`,
    `GET http://${"a.".repeat(128)}b:4873/ HTTP/1.1`,
  ])("refuses %p", (head) => {
    expect(parseProxyRequest(head)).toBeUndefined();
  });

  test("an absolute URL becomes a path, and the connection serves one request", () => {
    const head =
      "GET http://localhost:4873/a?b HTTP/1.1\r\nHost: x\r\nProxy-Authorization: y\r\nConnection: keep-alive";
    expect(parseProxyRequest(head)).toEqual({
      kind: "http",
      host: "localhost",
      port: 4873,
      head: "GET /a?b HTTP/1.1\r\nHost: localhost:4873\r\nConnection: close\r\n\r\n",
    });
  });
});
