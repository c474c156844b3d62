import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CertificateSet, dnsNames, readCertificates } from "./certificates.ts";
import { httpsLocation } from "./https-redirect.ts";

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

function makeCertificate(names: string, files: { key: string; chain: string }): void {
  const made = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", "/CN=test", "-addext", `subjectAltName=${names}`],
    ...["-keyout", files.key, "-out", files.chain],
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "berth-certificates-"));
  for (const name of ["good", "good/live", "good/empty", "empty", "mismatch", "junk", "no-key", "no-host"]) {
    await mkdir(at(name), { recursive: true });
  }
  makeCertificate("DNS:A.test,DNS:*.a.test,IP:127.0.0.1", { key: at("good/a.key"), chain: at("good/a.crt") });
  makeCertificate("DNS:b.test", { key: at("good/live/privkey.pem"), chain: at("good/live/fullchain.pem") });
  await cp(at("good/a.crt"), at("mismatch/a.crt"));
  await cp(at("good/live/privkey.pem"), at("mismatch/a.key"));
  await writeFile(at("junk/a.crt"), "junk");
  await writeFile(at("junk/a.key"), "junk");
  await cp(at("good/a.crt"), at("no-key/a.crt"));
  makeCertificate("IP:127.0.0.1", { key: at("no-host/a.key"), chain: at("no-host/a.crt") });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("certificates lie beside their keys or as certbot lays them out", async () => {
  const found = await readCertificates(at("good"));
  expect(found.map(({ file, hosts }) => [file, hosts])).toEqual([
    [at("good/a.crt"), ["a.test", "*.a.test"]],
    [at("good/live/fullchain.pem"), ["b.test"]],
  ]);
  const set = new CertificateSet(found);
  const hosts = ["a.test", "x.a.test", "x.y.a.test", ".a.test", "x y.a.test", "*.a.test", "b.test", "x.b.test", "test"];
  expect(hosts.filter((host) => set.covers(host))).toEqual(["a.test", "x.a.test", "*.a.test", "b.test"]);
  const names = (domain: string) => set.serverCertificates(domain).map(({ serverName }) => serverName);
  expect(names("b.test")).toEqual([undefined, "a.test", "*.a.test", "b.test"]);
  expect(set.serverCertificates("b.test")[0]!.cert).toBe(found[1]!.chain);
  expect(set.serverCertificates("other")[0]!.cert).toBe(found[0]!.chain);
  expect(set.equals(new CertificateSet(await readCertificates(at("good"))))).toBe(true);
});

test("of two for one name the one that expires later is used", async () => {
  const [first] = await readCertificates(at("good"));
  const later = { ...first!, file: "later", expiresAt: new Date(first!.expiresAt.getTime() + 1) };
  expect(new CertificateSet([later, first!]).find("a.test")!.file).toBe("later");
  expect(new CertificateSet([first!, later]).find("a.test")!.file).toBe("later");
});

test("what is wrong is told with the file's name", async () => {
  const inThreeDays = Date.now() + 3 * 86_400_000;
  const cases: [string, number | undefined, string][] = [
    ["empty", undefined, "empty' holds no certificate"],
    ["nowhere", undefined, "nowhere' can't be read (ENOENT)"],
    ["mismatch", undefined, "mismatch/a.key' is not that of the certificate"],
    ["junk", undefined, "junk/a.crt' holds no certificate in PEM form"],
    ["no-key", undefined, "no-key/a.key' can't be read (ENOENT)"],
    ["no-host", undefined, "no-host/a.crt' names no host"],
    ["good", inThreeDays, "expired on 20"],
  ];
  for (const [name, now, message] of cases) {
    const told = await readCertificates(at(name), now).then(String, (error) => error.message);
    expect(told).toContain("BERTH_TLS_CERTIFICATES: ");
    expect(told).toContain(message);
  }
});

test("of alternative names the host names alone are read", () => {
  expect(dnsNames("DNS:A.example, IP Address:192.0.2.1, DNS:*.b.example, email:x@y, DNS:a b, DNS:*")).toEqual([
    "a.example",
    "*.b.example",
  ]);
});

test("plain HTTP is sent to the same target over HTTPS, for hosts with a certificate", async () => {
  const certificates = new CertificateSet(await readCertificates(at("good")));
  const cases: [string, string, number, string | undefined][] = [
    ["x.a.test", "/p/?q=1", 443, "https://x.a.test/p/?q=1"],
    ["X.A.test.:8080", "/", 8443, "https://x.a.test:8443/"],
    ["x.a.test", "//evil.test/", 443, "https://x.a.test//evil.test/"],
    ["other.test", "/", 443, undefined],
    ["x.a.test@evil.test", "/", 443, undefined],
    ["evil.test/x.a.test", "/", 443, undefined],
    ["x.a.test", "/.well-known/acme-challenge/token", 443, undefined],
    ["a.test", "/healthz", 443, undefined],
    ["x.a.test", "/healthz", 443, "https://x.a.test/healthz"],
    ["127.0.0.1", "/", 443, undefined],
  ];
  for (const [host, target, port, location] of cases) {
    const request = new Request(`http://x.a.test${target}`, { headers: { host } });
    expect(httpsLocation(request, { domain: "a.test", port, certificates })).toBe(location);
  }
});
