import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerCertificate } from "../http/secure.ts";
import { BerthError } from "../model/errors.ts";

export interface Certificate {
  /** Path of its file. */
  file: string;
  /** PEM: the certificate and those between it and a root. */
  chain: string;
  /** PEM. */
  key: string;
  /** DNS names that it is valid for, lower-cased; one may begin with `*.`. */
  hosts: readonly string[];
  expiresAt: Date;
}

/**
 * Reads the certificates of a folder: `NAME.crt` with `NAME.key`, and `fullchain.pem` with `privkey.pem`, there or one
 * folder below, which is how certbot lays them out.
 * @throws BerthError `setting_invalid` naming the file at fault
 */
export async function readCertificates(folder: string, now = Date.now()): Promise<Certificate[]> {
  const pairs = await findPairs(folder);
  if (pairs.length === 0) throw wrong(`'${folder}' holds no certificate with its key`);
  return Promise.all(pairs.map((pair) => readPair(pair, now)));
}

interface Pair {
  chainFile: string;
  keyFile: string;
}

async function findPairs(folder: string): Promise<Pair[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw wrong(`the folder '${folder}' can't be read (${cause.code})`, cause);
  });
  const below = entries.filter((entry) => !entry.isFile()).map((entry) => join(folder, entry.name));
  const folders = [folder, ...below.sort()];
  const found = await Promise.all(
    folders.map(async (place) => {
      const names = (await readdir(place).catch(() => [])).sort();
      return names.flatMap((name): Pair[] => {
        const chainFile = join(place, name);
        if (name === "fullchain.pem") return [{ chainFile, keyFile: join(place, "privkey.pem") }];
        return name.endsWith(".crt") ? [{ chainFile, keyFile: chainFile.replace(/crt$/, "key") }] : [];
      });
    }),
  );
  return found.flat();
}

async function readPair({ chainFile, keyFile }: Pair, now: number): Promise<Certificate> {
  const [chain, keyText] = await Promise.all([readText(chainFile), readText(keyFile)]);
  const leaf = parse(chainFile, "certificate", () => new X509Certificate(chain));
  const key: KeyObject = parse(keyFile, "private key", () => createPrivateKey(keyText));
  if (!leaf.checkPrivateKey(key)) throw wrong(`the key '${keyFile}' is not that of the certificate '${chainFile}'`);
  const expiresAt = new Date(leaf.validTo);
  if (expiresAt.getTime() <= now) throw wrong(`the certificate '${chainFile}' expired on ${expiresAt.toISOString()}`);
  const hosts = dnsNames(leaf.subjectAltName ?? "");
  if (hosts.length === 0) throw wrong(`the certificate '${chainFile}' names no host (subjectAltName)`);
  return { file: chainFile, chain, key: keyText, hosts, expiresAt };
}

function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw wrong(`the file '${file}' can't be read (${cause.code})`, cause);
  });
}

function parse<T>(file: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw wrong(`'${file}' holds no ${what} in PEM form, or one with a passphrase`, cause);
  }
}

/** From the text form of the extension: `DNS:a.example, DNS:*.a.example, IP Address:192.0.2.1`. */
export function dnsNames(subjectAltName: string): string[] {
  const names = subjectAltName.split(/,\s*/).flatMap((part) => (part.startsWith("DNS:") ? [part.slice(4)] : []));
  return names.map((name) => name.toLowerCase()).filter((name) => /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name));
}

function wrong(reason: string, cause?: unknown): BerthError {
  return new BerthError("setting_invalid", `BERTH_TLS_CERTIFICATES: ${reason}.`, {
    hint: "docs/https.md says how certificates are laid out.",
    cause,
  });
}

const LABEL = /^[a-z0-9_-]+$/;

/** The certificates in force, by the names that they are valid for. */
export class CertificateSet {
  private readonly byName = new Map<string, Certificate>();

  /** Where two are valid for the same name, the one that expires later is used. */
  constructor(readonly all: readonly Certificate[]) {
    for (const certificate of all) {
      for (const name of certificate.hosts) {
        const other = this.byName.get(name);
        if (other === undefined || other.expiresAt < certificate.expiresAt) this.byName.set(name, certificate);
      }
    }
  }

  /** A wildcard stands for one label (RFC 6125 section 6.4.3). */
  find(host: string): Certificate | undefined {
    const dot = host.indexOf(".");
    const wildcard = dot > 0 && LABEL.test(host.slice(0, dot)) ? this.byName.get(`*${host.slice(dot)}`) : undefined;
    return this.byName.get(host) ?? wildcard;
  }

  covers(host: string): boolean {
    return this.find(host) !== undefined;
  }

  /** The default certificate is that of `domain`, else the first one. */
  serverCertificates(domain: string): ServerCertificate[] {
    const serve = ({ chain, key }: Certificate) => ({ cert: chain, key });
    const named = [...this.byName].map(([serverName, certificate]) => ({ serverName, ...serve(certificate) }));
    return [serve(this.find(domain) ?? this.all[0]!), ...named];
  }

  equals(other: CertificateSet): boolean {
    const text = (set: CertificateSet) => JSON.stringify(set.all.map(({ file, chain, key }) => [file, chain, key]));
    return text(this) === text(other);
  }
}
