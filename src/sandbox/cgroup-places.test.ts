import { expect, test } from "bun:test";
import { cgroupPlaces } from "./cgroup-places.ts";

const hybrid = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;

test("version 1 with a version 2 mount beside it", () => {
  expect(cgroupPlaces(hybrid, "8:pids:/\n5:cpu,cpuacct:/jobs\n4:memory:/a/b\n0::/\n")).toEqual({
    unified: "/sys/fs/cgroup/unified",
    legacy: {
      cpu: "/sys/fs/cgroup/cpu,cpuacct/jobs",
      memory: "/sys/fs/cgroup/memory/a/b",
      pids: "/sys/fs/cgroup/pids",
    },
  });
});

test("version 2 alone", () => {
  const mountinfo = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
  expect(cgroupPlaces(mountinfo, "0::/system.slice/berth.service\n")).toEqual({
    unified: "/sys/fs/cgroup",
    legacy: {},
  });
});

test("a container that has a part of version 1 mounted", () => {
  const mountinfo = "35 31 0:32 /docker/7 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  const memory = (own: string) => cgroupPlaces(mountinfo, own).legacy.memory;
  expect(memory("4:memory:/docker/7\n")).toBe("/sys/fs/cgroup/memory");
  expect(memory("4:memory:/docker/7/inner\n")).toBe("/sys/fs/cgroup/memory/inner");
  expect(memory("4:memory:/docker/77\n")).toBe("/sys/fs/cgroup/memory");
});

test("none", () => {
  expect(cgroupPlaces("23 1 0:1 / / rw - ext4 /dev/vda rw\n", "")).toEqual({ legacy: {} });
});
