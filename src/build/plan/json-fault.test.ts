import { expect, test } from "bun:test";
import { findJsonFault } from "./json-fault.ts";

test.each(['{"a":[1,-2.5e3,true,null,{"b":"\\u00e9\\""}],"c":{}}', " [ ] ", '"x"', "0", '{"a" : 1 , "b" : [ ] }'])(
  "%s is fine",
  (text) => {
    expect(findJsonFault(text)).toBeUndefined();
  },
);

test.each([
  ["", 1, 1],
  ["{", 1, 2],
  ['{"a":1,}', 1, 8],
  ["[1,]", 1, 4],
  ["[1 2]", 1, 4],
  ["{\n  // no\n}", 2, 3],
  ['{"a" 1}', 1, 6],
  ["{} x", 1, 4],
  ["[01]", 1, 3],
  ['{"a":1}}', 1, 8],
  ['["a\nb"]', 1, 2],
])("%j stops being JSON at %d:%d", (text, line, column) => {
  expect(findJsonFault(text)).toEqual({ line, column });
});

test("a deep nesting does not use up the stack", () => {
  expect(findJsonFault("[".repeat(200_000))).toEqual({ line: 1, column: 200_001 });
});
