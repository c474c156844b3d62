import { environment } from "../environment.ts";
import { type Client, createClient } from "./client.ts";
import { findConnection } from "./connection.ts";
import { createOutput, type Output } from "./output.ts";

interface CommonArguments {
  json?: boolean;
  api?: string;
  token?: string;
  data?: string;
}

/** What every command of the API begins with. */
export async function connect(args: CommonArguments): Promise<{ client: Client; output: Output }> {
  const { json = false, api, token, data } = args;
  return {
    client: createClient(await findConnection({ api, token, data }, environment)),
    output: createOutput({ json }),
  };
}
