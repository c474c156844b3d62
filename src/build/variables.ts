import type { DeploymentView } from "../database/deployments.ts";
import type { Database } from "../database/postgres.ts";
import { listVariables } from "../database/variables.ts";
import { type Trust, trustOf } from "../model/trust.ts";
import { declaredFor, type OpenVariable } from "../model/variables.ts";
import type { SecretBox } from "../work/secrets.ts";

/** A secret of the project, to be masked in logs and kept out of what is published. */
export interface Secret {
  name: string;
  value: string;
}

/** What a build is told by the project's declared variables, and what it may not tell on. */
export interface BuildVariables extends VariableValues {
  /**
   * The same with a fingerprint in the place of each value, for names that are kept beside what a build gave: whoever
   * reads the database or the store could try short values until the name is right.
   */
  fingerprints: VariableValues;
}

interface VariableValues {
  install: Record<string, string>;
  build: Record<string, string>;
  /** Of every context: one that is written in the source leaks from whichever build publishes it. */
  secrets: readonly Secret[];
}

const NONE: VariableValues = { install: {}, build: {}, secrets: [] };

/**
 * Opens the variables of the deployment's project. A fork gets none; nor is its output looked through, for that would
 * tell it of a guess whether it is right.
 * @throws BerthError `secrets_key_wrong`, `corrupt_object`
 */
export async function variablesFor(
  parts: { database: Database; secrets(): Promise<SecretBox> },
  view: DeploymentView,
): Promise<BuildVariables> {
  const trust = trustOf(view);
  const rows = trust === "fork" ? [] : await listVariables(parts.database, view.project_id);
  if (rows.length === 0) return { ...NONE, fingerprints: NONE };
  const box = await parts.secrets();
  const variables = rows.map(({ project_id, name, context, secret, install, key_id, sealed }) => {
    const value = box.open({ keyId: key_id, sealed }, { projectId: project_id, name, context, secret });
    return { name, context, secret, install, value };
  });
  return withFingerprints(variables, trust, box);
}

export function withFingerprints(
  variables: readonly OpenVariable[],
  trust: Trust,
  { fingerprint }: Pick<SecretBox, "fingerprint">,
): BuildVariables {
  const hidden = variables.map((variable) => ({ ...variable, value: fingerprint(variable.value) }));
  return { ...valuesFor(variables, trust), fingerprints: valuesFor(hidden, trust) };
}

function valuesFor(variables: readonly OpenVariable[], trust: Trust): VariableValues {
  const declared = declaredFor(variables, trust);
  return {
    install: valuesOf(declared.filter(({ install }) => install)),
    build: valuesOf(declared),
    secrets: variables.filter(({ secret }) => secret).map(({ name, value }) => ({ name, value })),
  };
}

function valuesOf(variables: readonly OpenVariable[]): Record<string, string> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}
