import type { Topic } from "../case.ts";
import { BERTH, semantics } from "./sources.ts";

const accept = (codings: string, coded: string | RegExp | null) => ({
  send: { "accept-encoding": codings },
  headers: { "content-encoding": coded, vary: /accept-encoding/i },
});
const ANY = /^(?:br|zstd|gzip)$/;

export const negotiation: Topic = {
  title: "Content codings",
  groups: [
    {
      source: semantics("12.5.3"),
      site: {
        files: [
          "index.html",
          ["page.html", "<p>The same words.</p>\n".repeat(400)],
          ["photo.png", "\u0089PNG"],
          "404.html",
        ],
      },
      rows: [
        ["GET /page", "200 page.html", { headers: { "content-encoding": null, vary: /accept-encoding/i } }],
        ["GET /page", "200 page.html", accept("gzip", "gzip")],
        ["GET /page", "200 page.html", accept("br", "br")],
        ["GET /page", "200 page.html", accept("zstd", "zstd")],
        ["GET /page", "200 page.html", { ...accept("gzip, deflate, br, zstd", "br"), source: BERTH }],
        ["GET /page", "200 page.html", { ...accept("gzip, zstd", "zstd"), source: BERTH }],
        ["GET /page", "200 page.html", accept("gzip;q=1.0, br;q=0.5", "gzip")],
        ["GET /page", "200 page.html", accept("br;q=0.2, gzip;q=0.8, zstd;q=0.4", "gzip")],
        ["GET /page", "200 page.html", accept("br;q=0, gzip", "gzip")],
        ["GET /page", "200 page.html", accept("gzip;q=0", null)],
        ["GET /page", "200 page.html", accept("gzip;q=0.001", "gzip")],
        ["GET /page", "200 page.html", accept("gzip ; q=0.5", "gzip")],
        ["GET /page", "200 page.html", accept("GZIP", "gzip")],
        ["GET /page", "200 page.html", accept("Br;Q=1", "br")],
        ["GET /page", "200 page.html", { ...accept("x-gzip", "gzip"), source: semantics("8.4.1.3") }],
        ["GET /page", "200 page.html", accept("deflate", null)],
        ["GET /page", "200 page.html", accept("compress, gzip", "gzip")],
        ["GET /page", "200 page.html", accept("sdch, unknown;q=0.9", null)],
        ["GET /page", "200 page.html", accept("*", ANY)],
        ["GET /page", "200 page.html", accept("*;q=0.5", ANY)],
        ["GET /page", "200 page.html", accept("br;q=0, *", /^(?:zstd|gzip)$/)],
        ["GET /page", "200 page.html", accept("identity", null)],
        ["GET /page", "200 page.html", accept("identity;q=1, gzip;q=0.5", null)],
        ["GET /page", "200 page.html", accept("identity;q=0, gzip;q=0.5", "gzip")],
        ["GET /page", "200 page.html", accept("identity;q=0.5, *;q=0", null)],
        ["GET /page", "200 page.html", accept("", null)],
        ["GET /page", "200 page.html", accept(",,gzip,,", "gzip")],
        ["GET /page", "200 page.html", accept("identity;q=0, br", "br")],
        ["GET /page", "200 page.html", accept("gzip\t;\tq=0.5", "gzip")],
        ["GET /page", "200 page.html", accept("gzip;q=0.5, identity;q=0.5", "gzip")],
        ["GET /page", "200 page.html", accept("br;q=0.1, *;q=0.9", /^(?:zstd|gzip)$/)],
        ["GET /page", "200 page.html", accept("br;q=1.000, gzip;q=0.999", "br")],
        ["GET /page", "200 page.html", accept("gzip;q=0.000", null)],
        ["GET /page", "200 page.html", accept("gzip;q=", null)],
        ["GET /page", "200 page.html", accept("gzip;q=-1", null)],
        ["GET /page", "200 page.html", accept("*;q=0, gzip", "gzip")],
        ["GET /page", "200 page.html", accept("identity;q=0, deflate, gzip;q=0.001", "gzip")],
        ["GET /page", "406|200", { send: { "accept-encoding": "*;q=0" } }],
        ["GET /page", "406|200", { send: { "accept-encoding": "identity;q=0, *;q=0" }, source: semantics("15.5.7") }],
        ["GET /page", "200|406 page.html", { send: { "accept-encoding": "identity;q=0" } }],
        [
          "HEAD /page",
          "200 -",
          {
            send: { "accept-encoding": "br" },
            headers: { "content-encoding": "br", "content-length": /^[1-9]\d{1,2}$/ },
            source: semantics("9.3.2"),
          },
        ],
        [
          "GET /photo.png",
          "200 photo.png",
          { send: { "accept-encoding": "br, gzip" }, headers: { "content-encoding": null } },
        ],
        ["GET /photo.png", "406", { send: { "accept-encoding": "identity;q=0" }, source: semantics("15.5.7") }],
        ["GET /missing", "404 404.html", { send: { "accept-encoding": "br" } }],
        [
          "GET /missing",
          "404 404.html",
          { send: { "accept-encoding": "*;q=0" }, headers: { "content-encoding": null }, source: semantics("15.5.5") },
        ],
        ["GET /page.html", "307 /page", { send: { "accept-encoding": "identity;q=0" } }],
      ],
    },
  ],
};
