import type { Scheme } from "../http/answers.ts";
import { parseNetworks, withinNetworks } from "../model/networks.ts";
import type { Settings } from "../model/settings.ts";
import { type Client, clientOf } from "../serve/client.ts";
import { AccessLog } from "./access-log.ts";
import { CertificateSet, readCertificates } from "./certificates.ts";
import { connectionRoom } from "./connection-room.ts";
import { withFields } from "./fixed-fields.ts";
import { httpsLocation, redirectTo } from "./https-redirect.ts";
import { type Answer, claimPort, type Front, type Listener, listen } from "./listen.ts";
import { logged, loggedQuick } from "./request-log.ts";

export interface Listeners {
  port: number;
  httpsPort: number | undefined;
  accessLog: AccessLog | undefined;
  certificates(): CertificateSet | undefined;
  client(request: Request): Client;
  /** Opens the access log anew and looks for changed certificates. */
  reload(): Promise<void>;
  /** Accepts nothing more; resolves when the requests in flight are answered, or cut after `limitMs`. */
  stop(limitMs: number): Promise<void>;
}

export interface ListenersOptions {
  settings: Settings;
  /** Found valid at the start; undefined: no HTTPS. */
  certificates: CertificateSet | undefined;
  /** Whether other processes of the platform listen on the same ports. */
  isShared: boolean;
  deploymentOf(hostHeader: string | null): string | undefined;
  onFault(error: unknown, context: Record<string, string>): void;
}

const RESCAN_MS = 10_000;
const NOTICE_MS = 1_000;
/** A download that goes on over a replaced listener may take its time. */
const REPLACED_MS = 600_000;

/** HTTP on one port and, where there are certificates, HTTPS on another. @throws BerthError as `listen` */
export async function openListeners(options: ListenersOptions, front: Front): Promise<Listeners> {
  const { settings, isShared, deploymentOf, onFault } = options;
  const { host, domain } = settings;
  const connectionsMax = Math.floor(connectionRoom() / (options.certificates === undefined ? 1 : 2));
  const accessLog = settings.accessLog === "off" ? undefined : new AccessLog(settings.accessLog);
  let certificates = options.certificates;
  let https: Listener | undefined;
  const retiring = new Map<Listener, Promise<void>>();

  const { answer } = front;
  const plain: Answer = (request) => {
    if (https === undefined || certificates === undefined) return answer(request);
    const location = httpsLocation(request, { domain, port: https.port, certificates });
    // To a client that speaks TLS with a trusted proxy it would be the same address again.
    return location === undefined || client(request).isSecure ? answer(request) : redirectTo(location);
  };
  const isRedirecting = certificates !== undefined && settings.httpsRedirect === "on";
  const trusts = withinNetworks(parseNetworks(settings.trustedProxies)!);
  const client = (request: Request): Client => {
    let address: string | undefined;
    for (const listener of [http, https, ...retiring.keys()]) address ??= listener?.clientAddress(request);
    return clientOf({ address, isTls: request.url.startsWith("https:") }, request.headers, trusts);
  };
  const withLog = (scheme: Scheme, inner: Front): Front => {
    if (accessLog === undefined) return inner;
    const quick = inner.quick && loggedQuick(inner.quick, accessLog, { trusts, deploymentOf });
    return { answer: logged(inner.answer, accessLog, { scheme, client, deploymentOf }), ...(quick && { quick }) };
  };

  const startHttps = (set: CertificateSet, port: number) => {
    const http3 = settings.http3 === "on";
    const fields: [name: string, value: string][] = [];
    // RFC 6797 section 7.2: over a secure transport only.
    if (settings.hsts !== "off") fields.push(["strict-transport-security", settings.hsts]);
    // RFC 7838 section 3: the same port, over QUIC.
    if (http3) fields.push(["alt-svc", `h3=":${port}"; ma=86400`]);
    const secure = { host, port, isShared: true, tls: set.serverCertificates(domain), http3, connectionsMax };
    return listen(secure, withLog("https", withFields(front, fields)));
  };
  if (certificates !== undefined) {
    const claim = { host, port: settings.httpsPort, tls: certificates.serverCertificates(domain) };
    https = await startHttps(certificates, isShared ? settings.httpsPort : await claimPort(claim));
  }
  const inClear = withLog("http", isRedirecting ? { answer: plain } : front);
  const http: Listener = await listen({ host, port: settings.port, isShared, connectionsMax }, inClear).catch(
    async (error) => {
      await https?.stop({ limitMs: 0 });
      throw error;
    },
  );

  /** The new listener shares the port before the old one lets go of it: at any time one of them accepts. */
  const replaceCertificates = async (): Promise<void> => {
    if (https === undefined || certificates === undefined || settings.tlsCertificates === null) return;
    const found = new CertificateSet(await readCertificates(settings.tlsCertificates));
    if (found.equals(certificates)) return;
    const old = https;
    https = await startHttps(found, old.port);
    certificates = found;
    const stopped = old.stop({ noticeMs: NOTICE_MS, limitMs: REPLACED_MS }).finally(() => retiring.delete(old));
    retiring.set(old, stopped);
  };
  let rescan = Promise.resolve();
  const rescanSoon = () => {
    rescan = rescan.then(replaceCertificates).catch((error) => onFault(error, { part: "certificates" }));
    return rescan;
  };
  const timer = certificates && setInterval(rescanSoon, RESCAN_MS);

  return {
    port: http.port,
    httpsPort: https?.port,
    accessLog,
    certificates: () => certificates,
    client,
    async reload() {
      await accessLog?.reopen();
      await rescanSoon();
    },
    async stop(limitMs) {
      clearInterval(timer);
      await rescan;
      const open = [http, ...(https ? [https] : []), ...retiring.keys()];
      await Promise.all(open.map((listener) => listener.stop({ limitMs })));
      await accessLog?.close();
    },
  };
}
