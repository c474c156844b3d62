import type { Handler } from "./listen.ts";

/** What one port answers, by the request's host. A role that this process does not have is absent. */
export interface Rooms {
  domain: string;
  health(): Promise<Response>;
  /** Website and API. */
  base?: Handler;
  /** Where there is no base: with the machine's own token. */
  metrics(request: Request): Promise<Response>;
  /** Hosted sites. */
  sites?: Handler;
}

/**
 * The base domain, and the machine's own addresses, are the website's; every other host is a site's. `/healthz` is
 * the platform's on the former alone: a site may have a page of that name.
 */
export function createFrontDoor(rooms: Rooms): (request: Request) => Response | Promise<Response> {
  return (request) => {
    const url = request.url;
    const pathStart = url.indexOf("/", url.indexOf("//") + 2);
    if (!isBaseHost(request.headers.get("host") ?? "", rooms.domain)) {
      return rooms.sites?.fetch(request) ?? plain(404, "This process serves no sites.");
    }
    const path = pathStart === -1 ? "/" : url.slice(pathStart).replace(/[?#].*$/, "");
    if (path === "/healthz") return rooms.health();
    if (rooms.base) return rooms.base.fetch(request);
    if (path === "/metrics") return rooms.metrics(request);
    return plain(404, "This process has no website. It answers /healthz.");
  };
}

export function isBaseHost(hostHeader: string, domain: string): boolean {
  const host = hostHeader.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
  return (
    host === domain || host === "localhost" || /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || /^\[[0-9a-f:.]+\]$/.test(host)
  );
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
