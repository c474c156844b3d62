import { defineCommand } from "citty";
import { environment } from "../environment.ts";
import { commonArguments } from "./arguments.ts";
import { createClient } from "./client.ts";
import { parseApiUrl, writeLogin } from "./connection.ts";
import { usageError } from "./failure.ts";
import { createOutput } from "./output.ts";
import { plain } from "./render.ts";
import { readSecret } from "./secret.ts";

export const login = defineCommand({
  meta: { name: "login", description: "Keep the address of a platform elsewhere, and a token for it" },
  args: { ...commonArguments },
  async run({ args }) {
    if (args.api === undefined) throw usageError("The address is missing.", "Give it as: berth login --api URL");
    const output = createOutput({ json: args.json ?? false });
    const connection = { url: parseApiUrl(args.api), token: args.token ?? (await readSecret("Token: ")) };
    if (!/^[\x21-\x7e]+$/.test(connection.token)) {
      throw usageError("This is no token.", "Type it, or send it on stdin: berth login --api URL <token-file");
    }
    const me = await createClient(connection).me();
    const path = await writeLogin(connection, environment);
    output.document({ api: connection.url, name: me.name });
    if (!output.json) output.print(`Signed in to ${connection.url} as ${plain(me.name)}; kept in ${path}`);
  },
});
