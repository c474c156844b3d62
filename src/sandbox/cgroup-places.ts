/** The controllers that hold a build to its limits and to its place behind serving. */
export const CONTROLLERS = ["memory", "pids", "cpu", "blkio"] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** Folders of the mounted hierarchies (cgroups(7)) below which this process may make groups. */
export interface CgroupPlaces {
  /** Version 2. On many machines it is mounted without controllers beside version 1, and can still kill. */
  unified?: string;
  /** Version 1. */
  legacy: Partial<Record<Controller, string>>;
}

/**
 * Version 1 groups go below the process's own, so that a container's limits go on holding for them. Version 2 allows
 * no groups with controllers beside processes, so there they go below the mount's root. Pure.
 * @param mountinfo text of `/proc/self/mountinfo` (proc(5))
 * @param ownGroups text of `/proc/self/cgroup`
 */
export function cgroupPlaces(mountinfo: string, ownGroups: string): CgroupPlaces {
  const own = new Map(
    ownGroups
      .trim()
      .split("\n")
      .flatMap((line) => {
        const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
        return controllers.split(",").map((controller) => [controller, path] as const);
      }),
  );
  const places: CgroupPlaces = { legacy: {} };
  for (const line of mountinfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    const [, , , root = "/", mountPoint = ""] = left.split(" ");
    const [type, , superOptions = ""] = right.split(" ");
    if (type === "cgroup2") places.unified ??= mountPoint;
    if (type !== "cgroup") continue;
    const mounted = superOptions.split(",");
    for (const controller of CONTROLLERS) {
      if (mounted.includes(controller)) {
        places.legacy[controller] ??= mountPoint + relative(own.get(controller) ?? "/", root);
      }
    }
  }
  return places;
}

/** A container sees a part of the hierarchy mounted, and its own path from the hierarchy's root. */
function relative(path: string, root: string): string {
  const below = root === "/" ? path : path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : "";
  return below === "/" ? "" : below;
}
