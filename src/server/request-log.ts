import type { Quick } from "../http/answers.ts";
import { protocolOf } from "../http/fetch-request.ts";
import { fieldOf } from "../http/request-head.ts";
import { type Client, clientOf } from "../serve/client.ts";
import { type AccessLog, loggedPath } from "./access-log.ts";
import type { Answer } from "./listen.ts";

export interface RequestFacts {
  scheme: "http" | "https";
  client(request: Request): Client;
  deploymentOf(hostHeader: string | null): string | undefined;
}

/** Lets the log have a line of every request that `answer` answers. */
export function logged(answer: Answer, log: AccessLog, facts: RequestFacts): Answer {
  return (request) => {
    const startedAt = performance.now();
    const time = new Date().toISOString();
    // Bun knows the address only as long as the request is open.
    const remoteAddress = facts.client(request).address ?? null;
    const record = (response: Response): Response => {
      const { headers } = request;
      const host = headers.get("host");
      log.record({
        time,
        host: host ?? "",
        method: request.method,
        path: loggedPath(request.url),
        status: response.status,
        bytes: bodyBytes(request, response),
        durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
        encoding: response.headers.get("content-encoding"),
        deployment: facts.deploymentOf(host) ?? null,
        remoteAddress,
        userAgent: headers.get("user-agent"),
        scheme: facts.scheme,
        protocol: protocolOf(request),
      });
      return response;
    };
    const response = answer(request);
    return response instanceof Response ? record(response) : response.then(record);
  };
}

/** The same for what `quick` answers. */
export function loggedQuick(
  quick: Quick,
  log: AccessLog,
  { trusts, deploymentOf }: { trusts(address: string): boolean; deploymentOf: RequestFacts["deploymentOf"] },
): Quick {
  return (head, connection) => {
    const startedAt = performance.now();
    const answer = quick(head, connection);
    if (answer === undefined) return undefined;
    const headers = { get: (name: string) => fieldOf(head, name) };
    log.record({
      time: new Date().toISOString(),
      host: head.host ?? "",
      method: head.method,
      path: head.target.split("?", 1)[0]!,
      status: answer.head.status,
      bytes: answer.body?.length ?? 0,
      durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
      encoding: answer.encoding,
      deployment: deploymentOf(head.host) ?? null,
      remoteAddress:
        clientOf({ address: connection.address, isTls: connection.scheme === "https" }, headers, trusts).address ??
        null,
      userAgent: fieldOf(head, "user-agent"),
      scheme: connection.scheme,
      protocol: head.protocol,
    });
    return answer;
  };
}

/** RFC 9112 section 6.3. The body itself is not looked at: it would become a stream by that. */
function bodyBytes({ method }: Request, { status, headers }: Response): number | null {
  if (method === "HEAD" || status === 204 || status === 304) return 0;
  const length = headers.get("content-length");
  return length === null ? null : Number(length);
}
