import { type ArgsDef, defineCommand } from "citty";
import { type ProtectionView, parseScope } from "../model/access.ts";
import { commonArguments } from "./arguments.ts";
import { connect } from "./connect.ts";
import { usageError } from "./failure.ts";
import { plain, renderAge, renderTable } from "./render.ts";
import { readSecret } from "./secret.ts";

const nameArgument = {
  name: { type: "positional", required: true, description: "Name of the project" },
} as const satisfies ArgsDef;

const set = defineCommand({
  meta: { name: "set", description: "Protect hosts of a project by a password or a token; it holds at once" },
  args: {
    ...nameArgument,
    scope: {
      type: "string",
      valueHint: "previews|all|branch:NAME",
      description: "Hosts: all but production's (previews, the default), all, or those of one branch's deployments",
    },
    kind: {
      type: "string",
      valueHint: "password|token",
      description:
        "password: read from standard input, or typed unseen; replaces that of the same scope. token: made and printed once",
    },
    ...commonArguments,
  },
  async run({ args }) {
    const scope = scopeOf(args.scope ?? "previews");
    const kind = args.kind ?? "password";
    if (kind !== "password" && kind !== "token") {
      throw usageError(`'${kind}' is no kind of protection.`, "Give --kind password or --kind token.");
    }
    const { client, output } = await connect(args);
    const { protection, token } = await client.protect(
      args.name,
      kind === "token"
        ? { kind, scope }
        : { kind: "password", scope, password: await readSecret(`Password for ${scope}: `) },
    );
    output.document({ project: args.name, protection, token });
    if (output.json) return;
    output.print(
      `${plain(args.name)}: ${COVERS(scope)} asks for ${kind === "password" ? "the password" : "a key"} now.`,
    );
    if (token !== null) output.print(`The token, which is not shown again:\n${plain(token)}`);
  },
});

const list = defineCommand({
  meta: { name: "ls", description: "List the passwords and tokens of a project's hosts, without what they are" },
  args: { ...nameArgument, ...commonArguments },
  async run({ args }) {
    const { client, output } = await connect(args);
    const { protections } = await client.protections(args.name);
    output.document({ project: args.name, protections });
    if (output.json) return;
    if (protections.length === 0) output.print(`All hosts of ${plain(args.name)} are open.`);
    else output.print(renderTable([["ID", "SCOPE", "KIND", "AGE"], ...protections.map(row)]));
  },
});

const remove = defineCommand({
  meta: { name: "rm", description: "Remove a password or token; who came in by it is out at once" },
  args: {
    ...nameArgument,
    id: {
      type: "positional",
      required: true,
      description: "Id of the password or token, as 'berth protect ls' shows it",
    },
    ...commonArguments,
  },
  async run({ args }) {
    const { client, output } = await connect(args);
    const { protections } = await client.unprotect(args.name, args.id);
    output.document({ project: args.name, removed: args.id, protections });
    if (output.json) return;
    const rest = protections.length === 0 ? "; all its hosts are open now" : "";
    output.print(`Removed ${plain(args.id)} from ${plain(args.name)}${rest}.`);
  },
});

export const protect = defineCommand({
  meta: { name: "protect", description: "Protect a project's hosts by passwords and tokens" },
  subCommands: { set, ls: list, rm: remove },
});

/** Wrong on the command line is wrong usage. @throws BerthError `usage` */
function scopeOf(text: string) {
  try {
    return parseScope(text);
  } catch (thrown) {
    throw usageError((thrown as Error).message, "Give --scope all, --scope previews or --scope branch:NAME.");
  }
}

const COVERS = (scope: string): string => {
  if (scope === "all") return "every host";
  return scope === "previews" ? "every host but production's" : `every host of ${plain(scope)} but production's`;
};

function row({ id, scope, kind, createdAt }: ProtectionView): string[] {
  return [plain(id), plain(scope), plain(kind), renderAge(createdAt, Date.now())];
}
