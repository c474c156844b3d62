import { expect, test } from "bun:test";
import { missingReferences } from "./page-references.ts";

const missing = (page: string) => missingReferences(page, (path) => path === "there.js");

test.each([
  ['<script src="gone.js"></script><script defer src=/js/gone.js?v=1#x></script>', ["gone.js", "js/gone.js"]],
  ["<script type=module src='./gone.js'></script><script src=gone.js></script>", ["gone.js"]],
  ['<script src="./there.js"></script><script src="/there.js?v=2"></script>', []],
  ['<link href="a.css" rel="stylesheet"><link rel="stylesheet" href="b.css"/>', ["a.css", "b.css"]],
  ['<link rel="icon" href="gone.ico"><img src="gone.png"><script data-src="gone.js"></script>', []],
  ['<script src="https://x.test/a.js"></script><script src=//x.test/a.js></script>', []],
  ['<script src="data:text/javascript,1"></script><script src=""></script><script src="../up.js"></script>', []],
  ['<script src="{{ site.url }}/a.js"></script><script src="%PUBLIC_URL%/a.js"></script>', []],
  ['<!-- <script src="gone.js"></script>\n--><!--[if IE]><script src="ie.js"></script><![endif]-->', []],
  ['<base href="/x/"><script src="gone.js"></script>', []],
])("%p lacks %p", (page, names) => {
  expect(missing(page)).toEqual(names);
});

test("a page of nothing but beginnings takes no long time", () => {
  expect(missing("<script ".repeat(200_000))).toEqual([]);
  expect(missing("<!--".repeat(200_000))).toEqual([]);
});
