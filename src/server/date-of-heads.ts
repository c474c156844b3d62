import type { Answer } from "./listen.ts";

/** Answers HEAD with the `Date` that an answer must have (RFC 9110 section 6.6.1); Bun 1.4.5 sends it for all others. */
export function withDateOfHeads(answer: Answer): Answer {
  return (request) => {
    if (request.method !== "HEAD") return answer(request);
    const response = answer(request);
    return response instanceof Response ? dated(response) : response.then(dated);
  };
}

function dated(response: Response): Response {
  if (!response.headers.has("date")) response.headers.set("date", httpDate());
  return response;
}

let second = -1;
let text = "";

/** The date of now, written anew once a second. */
function httpDate(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return text;
}
