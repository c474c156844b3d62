import { responseOf, takeKnownBody } from "../known-body.ts";
import { type Http1Listener, type Http1Options, listenHttp1 } from "../listen-http1.ts";

const open: Http1Listener[] = [];

/** A listener on loopback that refuses with a word on why. @returns its port */
export function start(answer: Http1Options["answer"], quick?: Http1Options["quick"]): number {
  const listener = listenHttp1({
    ...{ hostname: "127.0.0.1", port: 0, isShared: false, answer },
    ...(quick && { quick }),
    refuse: ({ status, message }, accept) => {
      const request = takeKnownBody(new Request("http://localhost/"));
      const body = Buffer.from(accept === "application/json" ? JSON.stringify({ message }) : message);
      return responseOf(request, { status, headers: { "content-length": String(body.length) } }, body);
    },
  });
  open.push(listener);
  return listener.port;
}

/** Ends all that were started. */
export function stopAll(): void {
  for (const listener of open.splice(0)) {
    void listener.drain();
    listener.cut();
  }
}
