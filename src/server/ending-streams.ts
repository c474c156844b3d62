import type { Handler } from "./listen.ts";

/** A log that is followed would keep the platform from stopping for as long as a build takes. */
export function endingStreams(base: Handler, signal: AbortSignal): Handler {
  return {
    async fetch(request) {
      const response = await base.fetch(request);
      if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
      return new Response(response.body!.pipeThrough(new TransformStream(), { signal }), response);
    },
  };
}
