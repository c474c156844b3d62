import { defineCommand } from "citty";
import { version } from "../../package.json";

/** Every command; each is loaded when it is called for, so that a small one starts fast. */
export const main = defineCommand({
  meta: { name: "berth", version, description: "Give it a git repository, get a live URL" },
  subCommands: {
    up: () => import("./up.ts").then((module) => module.up),
    deploy: () => import("./deploy.ts").then((module) => module.deploy),
    ls: () => import("./ls.ts").then((module) => module.ls),
    logs: () => import("./logs.ts").then((module) => module.logs),
    inspect: () => import("./inspect.ts").then((module) => module.inspect),
    open: () => import("./open.ts").then((module) => module.open),
    cancel: () => import("./cancel.ts").then((module) => module.cancel),
    promote: () => import("./promote.ts").then((module) => module.promote),
    rollback: () => import("./rollback.ts").then((module) => module.rollback),
    rm: () => import("./rm.ts").then((module) => module.rm),
    projects: () => import("./projects.ts").then((module) => module.projects),
    env: () => import("./env.ts").then((module) => module.env),
    protect: () => import("./protect.ts").then((module) => module.protect),
    explain: () => import("./explain.ts").then((module) => module.explain),
    login: () => import("./login.ts").then((module) => module.login),
    whoami: () => import("./whoami.ts").then((module) => module.whoami),
    doctor: () => import("./doctor.ts").then((module) => module.doctor),
  },
});
