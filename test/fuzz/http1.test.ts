import { afterAll, beforeAll, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { connect } from "node:net";
import fc from "fast-check";
import { type HttpListener, listenHttp } from "../../src/http/listen-http.ts";

/** Where Node's own parser and ours both find requests in the same bytes, they find the same ones, however those come. */

interface Found {
  method: string;
  target: string;
  body: string;
}

let listener: HttpListener;
let found: Found[] = [];

beforeAll(() => {
  listener = listenHttp({
    ...{ hostname: "127.0.0.1", port: 0, isShared: false },
    async answer(request) {
      const { pathname, search } = new URL(request.url);
      const one = { method: request.method, target: `${pathname}${search}`, body: "" };
      // Content that does not come whole makes no request.
      one.body = Buffer.from(await request.bytes()).toString("latin1");
      found.push(one);
      return Response.json(one);
    },
    refuse: ({ status }) => new Response(null, { status, headers: { "content-length": "0" } }),
  });
});
afterAll(() => {
  void listener.drain();
  listener.cut();
});

/** Sends the bytes in pieces and ends its side. @returns what comes back */
function exchange(bytes: Buffer, cuts: readonly number[]): Promise<string> {
  const socket = connect({ port: listener.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  let text = "";
  socket.on("data", (part) => {
    text += part.toString("latin1");
  });
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  socket.on("connect", async () => {
    let from = 0;
    for (const to of [...places, bytes.length]) {
      socket.write(bytes.subarray(from, to));
      from = to;
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.end();
  });
  return new Promise((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

/** Node's parser has no public name; a class of numbered callbacks (llhttp's). */
interface Parser {
  [callback: number]: (...given: never[]) => unknown;
  initialize(kind: number, resource: object): void;
  execute(bytes: Buffer): number | Error;
}
interface ParserClass {
  new (): Parser;
  REQUEST: number;
  kOnHeadersComplete: number;
  kOnBody: number;
  kOnMessageComplete: number;
}
const { HTTPParser, methods } = createRequire(import.meta.url)("node:_http_common") as {
  HTTPParser: ParserClass;
  methods: string[];
};

function byNode(bytes: Buffer): { all: Found[]; isRefused: boolean } {
  const all: Found[] = [];
  let one: Found = { method: "", target: "", body: "" };
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    _fields: string[],
    method: number,
    url: string,
  ) => {
    const { pathname, search } = new URL(url, "http://a");
    one = { method: methods[method]!, target: `${pathname}${search}`, body: "" };
    return 0;
  };
  parser[HTTPParser.kOnBody] = (part: Buffer) => {
    one.body += part.toString("latin1");
  };
  parser[HTTPParser.kOnMessageComplete] = () => void all.push(one);
  return { isRefused: typeof parser.execute(bytes) !== "number", all };
}

/** The responses, taken apart by what they say of their own length. */
function answersIn(text: string, methodsAsked: readonly string[]): { status: number; body: string }[] {
  const answers: { status: number; body: string }[] = [];
  for (let rest = text; rest !== ""; ) {
    const end = rest.indexOf("\r\n\r\n") + 4;
    const head = rest.slice(0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    const length =
      status === 100 || methodsAsked[answers.length] === "HEAD" ? 0 : Number(/content-length: (\d+)/.exec(head)?.[1]);
    if (status !== 100) answers.push({ status, body: rest.slice(end, end + length) });
    rest = rest.slice(end + length);
  }
  return answers;
}

const request = fc.constantFrom(
  "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
  "HEAD /h?q HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET http://b.test/c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
  "GET /old HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
  "POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nGET /",
  "PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  'PUT /d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a="b c"\r\nabc\r\n00A\r\n\r\n\r\n0\r\n\r\n\r\n\r\n0\r\nT: u\r\n\r\n',
  "\r\nDELETE /f HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
);
const piece = fc.constantFrom(
  ..."\r|\n|\r\n|\r\n\r\n| |\t|:|,|;|0|5|a|\0|\x0b|\xa0|\xff|/|?|x".split("|"),
  ..."Content-Length: 3\r\n|Content-Length: 5, 5\r\n|Transfer-Encoding: chunked\r\n|Transfer-Encoding: identity\r\n".split(
    "|",
  ),
  ..."Host: b\r\n|Connection: close\r\n|X: y\r\n z\r\n|Content-Length : 2\r\n|GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".split(
    "|",
  ),
);
const change = fc.record({ at: fc.nat(), cut: fc.nat(3), put: fc.option(piece, { nil: "" }) });

const stream = fc
  .tuple(fc.array(request, { minLength: 1, maxLength: 4 }), fc.array(change, { maxLength: 3 }))
  .map(([requests, changes]) => {
    let text = requests.join("");
    for (const { at, cut, put } of changes) {
      const place = at % (text.length + 1);
      text = text.slice(0, place) + put + text.slice(place + cut);
    }
    return Buffer.from(text, "latin1");
  });

test("no bytes are one request to Node's parser and another one to ours, and each gets its own answer", async () => {
  let both = 0;
  await fc.assert(
    fc.asyncProperty(stream, fc.array(fc.nat(), { maxLength: 5 }), async (bytes, cuts) => {
      found = [];
      const { all: nodes, isRefused } = byNode(bytes);
      const answers = answersIn(
        await exchange(bytes, cuts),
        nodes.map(({ method }) => method),
      );
      const ours = found;
      const shared = Math.min(ours.length, nodes.length);
      both += shared;
      expect(ours.slice(0, shared)).toEqual(nodes.slice(0, shared));
      // What Node refuses, nobody in front takes for something else; where it waits for more, so do we.
      if (!isRefused) expect(ours.length).toBeLessThanOrEqual(nodes.length);
      for (const [n, one] of ours.slice(0, shared).entries()) {
        expect(answers[n]).toEqual({ status: 200, body: one.method === "HEAD" ? "" : JSON.stringify(one) });
      }
      // After the last answer one refusal may stand, and nothing else.
      for (const { status } of answers.slice(ours.length)) expect(status).toBeGreaterThanOrEqual(400);
      expect(answers.length).toBeLessThanOrEqual(ours.length + 1);
      found = [];
      await exchange(bytes, []);
      expect(found).toEqual(ours);
    }),
    { numRuns: 600, seed: 9112, endOnFailure: true },
  );
  expect(both).toBeGreaterThan(300);
}, 60_000);
