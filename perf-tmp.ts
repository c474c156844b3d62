import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { startPlatform } from "./test/support/platform.ts";
import { freePort } from "./test/support/process.ts";
import { folderPut, hostOf, putSharedFiles, putSite, writeRoots, ASSET_PATH } from "./bench/support/serve-sites.ts";
import { getRequest, wrk } from "./bench/support/wrk.ts";
import { startNginx, makeCertificate } from "./bench/support/peers.ts";
import { readFileSync, existsSync, readdirSync } from "node:fs";
const which = Bun.argv[2]!, what = (Bun.argv[3] ?? "page").split(","), secs = Number(Bun.argv[4] ?? 3);
const data = "/tmp/perf/data"; const N = 2000;
if (!existsSync("/tmp/perf/roots")) { await mkdir(data, {recursive:true, mode: 0o711}); const put = folderPut(join(data,"objects")); const shared = await putSharedFiles(put); for (let i=0;i<N;i++) await putSite(put,i,shared); await writeRoots("/tmp/perf/roots", N); }
const tls = await makeCertificate("/tmp/perf/tls");
const hosts = Array.from({length:1000},(_, i)=>hostOf(i*2));
const ticks = (pid:number) => { const f = readFileSync(`/proc/${pid}/stat`,"utf8").split(") ")[1]!.split(" "); return Number(f[11])+Number(f[12]); };
let port:number, httpsPort: number, pid:number, stop: ()=>Promise<void>;
if (which === "nginx") { const p = await startNginx({roots:"/tmp/perf/roots", folder:"/tmp/perf", cpu:0, tls}); port=p.port; httpsPort=p.httpsPort!; stop=()=>p.stop(); const master = Number(readFileSync("/tmp/perf/nginx.pid","utf8")); pid = Number(readFileSync(`/proc/${master}/task/${master}/children`,"utf8").trim().split(" ")[0]); }
else { port = await freePort(); httpsPort = await freePort(); const pl = await startPlatform({dataDirectory:data, prefix:["taskset","-c","0"], args:["--role","edge","--port",`${port}`], env: {BERTH_TLS_CERTIFICATES:"/tmp/perf/tls", BERTH_HTTPS_PORT:`${httpsPort}`, BERTH_HTTPS_REDIRECT:"off"}}); stop=()=>pl.stop(); pid = (pl as any).pid ?? (pl as any).process?.pid; }
const etags: string[] = [];
if (what.includes("304")) for (const host of hosts) { const a = await fetch(`http://127.0.0.1:${port}/`, {headers:{host,"accept-encoding":"identity"}}); await a.arrayBuffer(); etags.push(a.headers.get("etag")!); }
for (const w of what) {
  const scheme = w === "https" ? "https" : "http";
  const requests = hosts.map((h,i)=>getRequest(h, w==="asset"?ASSET_PATH:"/", w==="304"?{"if-none-match":etags[i]!}:{}));
  const order = {url:`${scheme}://127.0.0.1:${scheme==="https"?httpsPort:port}/`, requests, connections:64, cpu:1};
  await wrk({...order, seconds:1});
  const a = ticks(pid), t = performance.now(); const r = await wrk({...order, seconds:secs}); const cpu = (ticks(pid)-a)/100; 
  console.log(which, w, `${Math.round(r.perSecond)}/s`, `cpu ${(cpu/secs*100).toFixed(0)}%`, `${Math.round(r.perSecond*secs/cpu)} per cpu-second`);
}
await stop(); process.exit(0);
