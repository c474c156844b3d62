import type { More, Row, Topic } from "../case.ts";
import { http1, semantics } from "./sources.ts";

const END = "Connection: close\r\n\r\n";
const HOST = "Host: {host}\r\n";
const raw = (name: string, answer: string, text: string, section: string, differs?: More["differs"]): Row => [
  name,
  answer,
  { raw: text, source: section.startsWith("http") ? section : http1(section), ...(differs && { differs }) },
];
const MISREAD = {
  answer: "505",
  why: "The runtime's parser takes the rest of the line for the version. It refuses and closes all the same.",
};

/** RFC 9112 section 3.2.2 lets the target's host decide. */
const HIDDEN = (answer: string): More["differs"] => ({
  answer,
  why: "The runtime does not tell the host of such a target: `Host` decides, which no client but one that lies sends otherwise.",
});

/** The client sends these bytes itself: no library would. */
export const messages: Topic = {
  title: "Hosts, and requests that are none",
  groups: [
    {
      source: http1("3.2"),
      site: { files: ["index.html", "about.html", "404.html"] },
      rows: [
        raw(
          "GET / with a port in Host",
          "200 index.html",
          `GET / HTTP/1.1\r\nHost: {host}:8080\r\n${END}`,
          semantics("7.2"),
        ),
        raw(
          "GET / with an empty port in Host",
          "200|400 index.html",
          `GET / HTTP/1.1\r\nHost: {host}:\r\n${END}`,
          semantics("7.2"),
        ),
        raw(
          "GET / with Host in capitals",
          "200 index.html",
          `GET / HTTP/1.1\r\nHost: {HOST}\r\n${END}`,
          "https://www.rfc-editor.org/rfc/rfc3986.html#section-3.2.2",
        ),
        raw(
          "GET / with the root's dot in Host",
          "200 index.html",
          `GET / HTTP/1.1\r\nHost: {host}.\r\n${END}`,
          "https://www.rfc-editor.org/rfc/rfc3986.html#section-3.2.2",
        ),
        raw(
          "GET / with header names in capitals",
          "200 index.html",
          `GET / HTTP/1.1\r\nHOST: {host}\r\nCONNECTION: close\r\n\r\n`,
          semantics("5.1"),
        ),
        raw(
          "GET / without blanks behind colons",
          "200 index.html",
          `GET / HTTP/1.1\r\nHost:{host}\r\nConnection:close\r\n\r\n`,
          "5",
        ),
        raw(
          "GET / with blanks around a value",
          "200 index.html",
          `GET / HTTP/1.1\r\nHost: \t {host} \t\r\n${END}`,
          "5.1",
        ),
        raw(
          "GET / of a host that is not there",
          "404",
          `GET / HTTP/1.1\r\nHost: nobody-here.localhost\r\n${END}`,
          semantics("15.5.5"),
        ),
        raw("GET / of a host below a site", "404", `GET / HTTP/1.1\r\nHost: a.{host}\r\n${END}`, semantics("15.5.5")),
        raw("GET / without Host", "400", `GET / HTTP/1.1\r\n${END}`, "3.2"),
        raw("GET / with two Hosts", "400", `GET / HTTP/1.1\r\n${HOST}Host: other.localhost\r\n${END}`, "3.2"),
        raw("GET / with the same Host twice", "400", `GET / HTTP/1.1\r\n${HOST}${HOST}${END}`, "3.2"),
        raw("GET / with an empty Host", "400", `GET / HTTP/1.1\r\nHost:\r\n${END}`, "3.2"),
        raw("GET / with userinfo in Host", "400", `GET / HTTP/1.1\r\nHost: user@{host}\r\n${END}`, "3.2"),
        raw("GET / with user and password in Host", "400", `GET / HTTP/1.1\r\nHost: user:word@{host}\r\n${END}`, "3.2"),
        raw("GET / with a path in Host", "400", `GET / HTTP/1.1\r\nHost: {host}/about\r\n${END}`, "3.2"),
        raw("GET / with a query in Host", "400", `GET / HTTP/1.1\r\nHost: {host}?x\r\n${END}`, "3.2"),
        raw("GET / with a scheme in Host", "400", `GET / HTTP/1.1\r\nHost: http://{host}\r\n${END}`, "3.2"),
        raw("GET / with a blank in Host", "400", `GET / HTTP/1.1\r\nHost: {host} x\r\n${END}`, "3.2"),
        raw("GET / with a list in Host", "400", `GET / HTTP/1.1\r\nHost: {host}, {host}\r\n${END}`, "3.2"),
        raw("GET / with a word as port", "400", `GET / HTTP/1.1\r\nHost: {host}:http\r\n${END}`, "3.2"),
        raw("GET / with '..' in Host", "400|404", `GET / HTTP/1.1\r\nHost: ../../hosts\r\n${END}`, "3.2"),
        raw("GET / with an escape in Host", "400|404", `GET / HTTP/1.1\r\nHost: %2e%2e%2f{host}\r\n${END}`, "3.2"),
        raw("GET / with NUL in Host", "400", `GET / HTTP/1.1\r\nHost: {host}\0.x\r\n${END}`, semantics("5.5")),
        raw(
          "absolute-form, Host agrees",
          "200 about.html",
          `GET http://{host}/about HTTP/1.1\r\n${HOST}${END}`,
          "3.2.2",
        ),
        raw(
          "absolute-form goes before Host",
          "200 about.html",
          `GET http://{host}/about HTTP/1.1\r\nHost: nobody-here.localhost\r\n${END}`,
          "3.2.2",
          HIDDEN("404"),
        ),
        raw(
          "absolute-form of another host",
          "404|421",
          `GET http://nobody-here.localhost/about HTTP/1.1\r\n${HOST}${END}`,
          "3.2.2",
          HIDDEN("200 about.html"),
        ),
        raw("absolute-form without a path", "200 index.html", `GET http://{host} HTTP/1.1\r\n${HOST}${END}`, "3.2.1"),
        raw("absolute-form without Host", "400", `GET http://{host}/ HTTP/1.1\r\n${END}`, "3.2"),
        raw(
          "absolute-form with a query",
          "307 /about?a=1",
          `GET http://{host}/about.html?a=1 HTTP/1.1\r\n${HOST}${END}`,
          "3.2.2",
        ),
        raw(
          "absolute-form of another scheme",
          "200|400|404|421 index.html",
          `GET ftp://{host}/ HTTP/1.1\r\n${HOST}${END}`,
          "3.2.2",
        ),
        raw("authority-form for GET", "400", `GET {host}:80 HTTP/1.1\r\n${HOST}${END}`, "3.2.3"),
        raw("asterisk-form for GET", "400", `GET * HTTP/1.1\r\n${HOST}${END}`, "3.2.4"),
        raw("a target without a slash", "400", `GET about HTTP/1.1\r\n${HOST}${END}`, "3.2.1"),
        raw("HTTP/1.0 with Host", "200 index.html", `GET / HTTP/1.0\r\n${HOST}\r\n`, "2.5"),
        raw("HTTP/1.0 without Host", "400|404|200", "GET / HTTP/1.0\r\n\r\n", "3.2"),
        raw(
          "HTTP/1.0 with keep-alive",
          "200 index.html",
          `GET / HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`,
          "9.3",
        ),
        raw("HTTP/2.0 in words", "505|400", `GET / HTTP/2.0\r\n${HOST}${END}`, "2.3"),
        raw("HTTP/9.9", "505|400", `GET / HTTP/9.9\r\n${HOST}${END}`, "2.3"),
        raw("a version in small letters", "400|505", `GET / http/1.1\r\n${HOST}${END}`, "2.3"),
        raw("no version", "400|505", `GET /\r\n${HOST}${END}`, "3"),
        raw("no method", "400", ` / HTTP/1.1\r\n${HOST}${END}`, "3"),
        raw("a blank in the target", "400", `GET /a b HTTP/1.1\r\n${HOST}${END}`, "3.2", MISREAD),
        raw("a control character in the target", "400", `GET /\u0001 HTTP/1.1\r\n${HOST}${END}`, "3.2", MISREAD),
        raw("NUL in the target", "400", `GET /\0 HTTP/1.1\r\n${HOST}${END}`, "3.2", MISREAD),
        raw("a blank before a colon", "400", `GET / HTTP/1.1\r\n${HOST}X-A : b\r\n${END}`, "5.1"),
        raw("a header without a colon", "400", `GET / HTTP/1.1\r\n${HOST}X-A\r\n${END}`, "5"),
        raw("a header without a name", "400", `GET / HTTP/1.1\r\n${HOST}: b\r\n${END}`, "5"),
        raw("a header name with a blank", "400", `GET / HTTP/1.1\r\n${HOST}X A: b\r\n${END}`, "5"),
        raw("a header on two lines", "200|400 index.html", `GET / HTTP/1.1\r\n${HOST}X-A: b\r\n c\r\n${END}`, "5.2"),
        raw(
          "a blank before the first header",
          "200|400 index.html",
          `GET / HTTP/1.1\r\n X-A: b\r\n${HOST}${END}`,
          "2.2",
        ),
        raw("NUL in a header's value", "400", `GET / HTTP/1.1\r\n${HOST}X-A: b\0c\r\n${END}`, semantics("5.5")),
        raw("an empty line before the request", "200|400 index.html", `\r\nGET / HTTP/1.1\r\n${HOST}${END}`, "2.2"),
        raw(
          "two lengths",
          "400",
          `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 4\r\n${END}a=b`,
          "6.3",
        ),
        raw("a list of lengths", "400", `POST / HTTP/1.1\r\n${HOST}Content-Length: 3, 4\r\n${END}a=b`, "6.3"),
        raw("a negative length", "400", `POST / HTTP/1.1\r\n${HOST}Content-Length: -3\r\n${END}a=b`, "6.3"),
        raw(
          "a length with a sign",
          "400",
          `POST / HTTP/1.1\r\n${HOST}Content-Length: +3\r\n${END}a=b`,
          semantics("8.6"),
        ),
        raw("a length that is a word", "400", `POST / HTTP/1.1\r\n${HOST}Content-Length: three\r\n${END}a=b`, "6.3"),
        raw(
          "a length beside chunks",
          "400|405",
          `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n${END}0\r\n\r\n`,
          "6.1",
        ),
        raw(
          "chunks",
          "405",
          `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n${END}3\r\na=b\r\n0\r\n\r\n`,
          "7.1",
        ),
        raw(
          "a chunk without a size",
          "400|405",
          `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n${END}xyz\r\na=b\r\n0\r\n\r\n`,
          "7.1",
        ),
        raw(
          "a transfer coding that is unknown",
          "501|400",
          `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: rot13\r\n${END}a=b`,
          "6.1",
        ),
        raw(
          "chunked, but not as the last coding",
          "400|501",
          `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, gzip\r\n${END}0\r\n\r\n`,
          "6.3",
        ),
        raw(
          "an expectation",
          "405|417|100|413",
          `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-continue\r\n${END}a=b`,
          semantics("10.1.1"),
        ),
        raw(
          "a header of 100 KB",
          "431|400|413",
          `GET / HTTP/1.1\r\n${HOST}X-A: ${"a".repeat(100_000)}\r\n${END}`,
          "https://www.rfc-editor.org/rfc/rfc6585.html#section-5",
        ),
        raw("a target of 100 KB", "414|431|400", `GET /${"a".repeat(100_000)} HTTP/1.1\r\n${HOST}${END}`, "3"),
        raw(
          "an upgrade that is not offered",
          "200 index.html",
          `GET / HTTP/1.1\r\n${HOST}Upgrade: something\r\nConnection: upgrade, close\r\n\r\n`,
          semantics("7.8"),
        ),
        raw("no HTTP at all", "400", "hello there\r\n\r\n", "3"),
        raw("a TLS greeting", "400", "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", "3"),
      ],
    },
  ],
};
