import { AnswerHead } from "../http/answer-head.ts";
import type { Front } from "./listen.ts";

type Fields = readonly (readonly [name: string, value: string])[];

/** Adds the same fields to everything that a port answers. */
export function withFields({ answer, quick }: Front, fields: Fields): Front {
  if (fields.length === 0) return { answer, ...(quick && { quick }) };
  const names = new Set(fields.map(([name]) => name));
  const heads = new WeakMap<AnswerHead, AnswerHead>();
  const headWith = (head: AnswerHead): AnswerHead => {
    let added = heads.get(head);
    if (added === undefined) {
      added = new AnswerHead(head.status, [...head.fields.filter(([name]) => !names.has(name)), ...fields]);
      heads.set(head, added);
    }
    return added;
  };
  const add = (response: Response): Response => {
    for (const [name, value] of fields) response.headers.set(name, value);
    return response;
  };
  return {
    answer(request) {
      const response = answer(request);
      return response instanceof Response ? add(response) : response.then(add);
    },
    ...(quick && {
      quick(head, caller) {
        const ready = quick(head, caller);
        return ready && { ...ready, head: headWith(ready.head) };
      },
    }),
  };
}
