import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Body } from "../body.ts";
import { responseOf, takeKnownBody } from "../known-body.ts";
import { type HttpListener, type HttpOptions, listenHttp } from "../listen-http.ts";
import { securing } from "../secure.ts";

const open: HttpListener[] = [];

/** A listener on loopback that refuses with a word on why. */
export function startListener(options: Partial<HttpOptions> & Pick<HttpOptions, "answer">): HttpListener {
  const listener = listenHttp({
    ...{ hostname: "127.0.0.1", port: 0, isShared: false },
    refuse: ({ status, message }, accept) => {
      const request = takeKnownBody(new Request("http://localhost/"));
      const body = Buffer.from(accept === "application/json" ? JSON.stringify({ message }) : message);
      return responseOf(request, { status, headers: { "content-length": String(body.length) } }, new Body(body));
    },
    ...options,
  });
  open.push(listener);
  return listener;
}

/** In clear. @returns its port */
export function start(answer: HttpOptions["answer"], quick?: HttpOptions["quick"]): number {
  return startListener({ answer, ...(quick && { quick }) }).port;
}

/** Over TLS. @returns its port */
export function startSecure(answer: HttpOptions["answer"], quick?: HttpOptions["quick"]): number {
  return startListener({ answer, ...(quick && { quick }), secure: securing([certificate("localhost")]) }).port;
}

/** A new one, signed by itself. */
export function certificate(name: string): { cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), "berth-certificate-"));
  const [cert, key] = [join(folder, "crt"), join(folder, "key")];
  const made = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`, "-keyout", key, "-out", cert],
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  const pair = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  rmSync(folder, { recursive: true });
  return pair;
}

/** Ends all that were started. */
export function stopAll(): void {
  for (const listener of open.splice(0)) {
    void listener.drain();
    listener.cut();
  }
}
