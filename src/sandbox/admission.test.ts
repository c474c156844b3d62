import { expect, test } from "bun:test";
import { type MachineLoad, reasonToWait } from "./admission.ts";
import { parseLoad } from "./machine-load.ts";

const MIB = 1024 ** 2;
const idle: MachineLoad = { availableBytes: 8192 * MIB, totalBytes: 16_384 * MIB, memoryPressure: 0, cpuPressure: 0 };
const build = { memoryBytes: 2048 * MIB, buildsRunning: 0 };

test.each<[string, Partial<MachineLoad>, number, RegExp | undefined]>([
  ["an idle machine", {}, 0, undefined],
  ["too little memory", { availableBytes: 2000 * MIB }, 0, /^2000 MiB of memory are free, .* 2048 MiB$/],
  ["just enough", { availableBytes: 2048 * MIB }, 0, undefined],
  ["a small machine, half free", { availableBytes: 600 * MIB, totalBytes: 1024 * MIB }, 0, undefined],
  ["a small machine, full", { availableBytes: 400 * MIB, totalBytes: 1024 * MIB }, 0, /400 MiB .* 512 MiB/],
  ["memory pressure", { memoryPressure: 35 }, 0, /short of memory/],
  ["a busy CPU and no other build", { cpuPressure: 99 }, 0, undefined],
  ["a busy CPU and another build", { cpuPressure: 99 }, 1, /another build/],
  ["another build on an idle machine", {}, 1, undefined],
  [
    "a kernel that tells nothing",
    { availableBytes: undefined, totalBytes: undefined, memoryPressure: undefined, cpuPressure: undefined },
    3,
    undefined,
  ],
])("%s", (_, load, buildsRunning, reason) => {
  const found = reasonToWait({ ...idle, ...load }, { ...build, buildsRunning });
  if (reason === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(reason);
});

test("what the kernel's files say", () => {
  const pressure = "some avg10=9.33 avg60=3.48 avg300=2.76 total=163522405\nfull avg10=0.00 avg60=0.00 total=0\n";
  const memory = "MemTotal:       24684032 kB\nMemFree: 1 kB\nMemAvailable:   23990000 kB\n";
  expect(parseLoad({ meminfo: memory, memoryPressure: "", cpuPressure: pressure })).toEqual({
    availableBytes: 23_990_000 * 1024,
    totalBytes: 24_684_032 * 1024,
    memoryPressure: undefined,
    cpuPressure: 9.33,
  });
});
