import type { Topic } from "../case.ts";
import { semantics } from "./sources.ts";

const IANA = "https://www.iana.org/assignments/media-types/media-types.xhtml";
const UTF8 = "; charset=utf-8";

/** Path, and the type it is served with; text without a charset would be guessed at by browsers. */
const TYPES: [path: string, type: string | RegExp][] = [
  ["page.html", `text/html${UTF8}`],
  ["old.htm", `text/html${UTF8}`],
  ["x.xhtml", /^application\/xhtml\+xml/],
  ["style.css", `text/css${UTF8}`],
  ["app.js", `text/javascript${UTF8}`],
  ["app.mjs", `text/javascript${UTF8}`],
  ["app.cjs", /^(?:text|application)\/(?:javascript|node)/],
  ["data.json", /^application\/json/],
  ["app.js.map", /^application\/json/],
  ["ld.jsonld", /^application\/ld\+json/],
  ["map.geojson", /^application\/geo\+json/],
  ["site.webmanifest", /^application\/manifest\+json/],
  ["notes.txt", `text/plain${UTF8}`],
  ["readme.md", `text/markdown${UTF8}`],
  ["table.csv", `text/csv${UTF8}`],
  ["feed.xml", /^(?:application|text)\/xml/],
  ["feed.rss", /^application\/rss\+xml/],
  ["feed.atom", /^application\/atom\+xml/],
  ["cal.ics", `text/calendar${UTF8}`],
  ["subs.vtt", `text/vtt${UTF8}`],
  ["logo.svg", /^image\/svg\+xml/],
  ["a.png", "image/png"],
  ["a.jpg", "image/jpeg"],
  ["a.jpeg", "image/jpeg"],
  ["a.gif", "image/gif"],
  ["a.webp", "image/webp"],
  ["a.avif", "image/avif"],
  ["a.bmp", "image/bmp"],
  ["a.jxl", "image/jxl"],
  ["favicon.ico", /^image\/(?:x-icon|vnd\.microsoft\.icon)$/],
  ["f.woff", "font/woff"],
  ["f.woff2", "font/woff2"],
  ["f.ttf", "font/ttf"],
  ["f.otf", "font/otf"],
  ["f.eot", "application/vnd.ms-fontobject"],
  ["m.wasm", "application/wasm"],
  ["m.glb", "model/gltf-binary"],
  ["m.gltf", /^model\/gltf\+json/],
  ["v.mp4", "video/mp4"],
  ["v.webm", "video/webm"],
  ["s.mp3", "audio/mpeg"],
  ["s.wav", /^audio\/(?:wav|x-wav|vnd\.wave)$/],
  ["s.ogg", /^(?:audio|application)\/ogg$/],
  ["d.pdf", "application/pdf"],
  ["d.zip", "application/zip"],
  ["UPPER.HTML", `text/html${UTF8}`],
  ["UPPER.PNG", "image/png"],
  ["unknown.zzzz", "application/octet-stream"],
  ["LICENSE", /^(?:application\/octet-stream|text\/plain; charset=utf-8)$/],
  ["trailing.", "application/octet-stream"],
  [".well-known/apple-app-site-association", /^application\/json/],
  [".well-known/assetlinks.json", /^application\/json/],
  [".well-known/security.txt", `text/plain${UTF8}`],
  [".well-known/acme-challenge/token", `text/plain${UTF8}`],
  ["v.m3u8", /^application\/(?:vnd\.apple\.mpegurl|x-mpegurl)$/i],
  ["v.mpd", /^application\/dash\+xml/],
  ["v.mov", "video/quicktime"],
  ["s.m4a", /^audio\/(?:mp4|x-m4a)$/],
  ["s.flac", /^audio\/(?:flac|x-flac)$/],
  ["a.heic", "image/heic"],
  ["d.epub", "application/epub+zip"],
  ["m.usdz", "model/vnd.usdz+zip"],
  ["types.d.ts", `text/plain${UTF8}`],
  ["UPPER.JPG", "image/jpeg"],
];

export const mediaTypes: Topic = {
  title: "Media types",
  groups: [
    {
      source: IANA,
      site: {
        files: ["index.html", ...TYPES.map(([path]) => path), "404.html", "archive.tar.gz"],
        settings: { html_handling: "none" },
      },
      rows: [
        ...TYPES.map(
          ([path, type]) =>
            [
              `GET /${path}`,
              `200 ${path}`,
              { headers: { "content-type": type, "x-content-type-options": "nosniff" } },
            ] as const,
        ),
        [
          "GET /archive.tar.gz",
          "200 archive.tar.gz",
          {
            send: { "accept-encoding": "gzip" },
            headers: { "content-type": /^application\/(?:x-)?gzip$/, "content-encoding": null },
            source: semantics("8.4"),
          },
        ],
      ],
    },
  ],
};
