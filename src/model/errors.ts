/**
 * Every failure that a user can meet, by its stable code. The code is part of the outside surface: scripts match on
 * it, so a code is added, never renamed. `status` is the HTTP status that the API answers with.
 *
 * Two families: faults of the request or its source (4xx), and faults of the platform (5xx). A deployment that fails
 * keeps the same shape in its `error` field.
 */
export const ERROR_CODES = {
  // the request
  bad_request: { status: 400, meaning: "The request does not have the documented form." },
  unauthorized: { status: 401, meaning: "No valid token or session came with the request." },
  forbidden: { status: 403, meaning: "The request is understood and not allowed." },
  not_found: { status: 404, meaning: "There is no such page or route." },
  method_not_allowed: { status: 405, meaning: "The resource does not take this method." },
  not_acceptable: { status: 406, meaning: "There is no form of the file that the request accepts." },
  precondition_failed: { status: 412, meaning: "The file is another one than the request's condition names." },
  range_not_satisfiable: { status: 416, meaning: "The file has no bytes in the range that was asked for." },
  deployment_building: { status: 503, meaning: "The deployment is not ready yet." },
  deployment_failed: { status: 404, meaning: "The deployment ended without a site." },
  deployment_not_found: { status: 404, meaning: "No deployment has this id." },
  project_not_found: { status: 404, meaning: "No project has this name." },
  conflict: { status: 409, meaning: "The state of the thing does not allow this." },
  payload_too_large: { status: 413, meaning: "The request body is over its limit." },
  usage: { status: 400, meaning: "The command line does not have the documented form." },
  // a site
  site_protected: { status: 401, meaning: "The site asks for a password or a token." },
  too_many_attempts: { status: 429, meaning: "Too many wrong passwords came from one address." },
  status_by_rule: { status: 404, meaning: "A rule of the site gives the address this status, and has no page for it." },
  origin_unreachable: { status: 502, meaning: "The server that a rewrite leads to gave no usable answer." },
  origin_refused: {
    status: 502,
    meaning: "A rewrite leads to an address that is not a public one, or the platform's own.",
  },
  origin_busy: { status: 503, meaning: "Too many requests wait for the server that a rewrite leads to." },
  origin_timeout: { status: 504, meaning: "The server that a rewrite leads to did not answer in time." },
  proxy_loop: { status: 508, meaning: "A rewrite leads back to itself." },
  // names and settings
  project_name_invalid: { status: 400, meaning: "The project name is no DNS label of the allowed form." },
  project_name_reserved: { status: 400, meaning: "The project name is kept for the platform." },
  project_setting_invalid: { status: 400, meaning: "A project setting is unknown or its value is out of range." },
  variable_invalid: { status: 400, meaning: "A variable's name or value is not of the allowed form." },
  protection_invalid: { status: 400, meaning: "A password, token or its scope is not of the allowed form." },
  protection_not_found: { status: 404, meaning: "The project has no such password or token." },
  variable_not_found: { status: 404, meaning: "The project has no such variable." },
  setting_invalid: { status: 400, meaning: "A setting of the platform is wrong or its service is out of reach." },
  // the source
  source_invalid: { status: 400, meaning: "The source is neither a git URL nor a path." },
  source_has_credentials: { status: 400, meaning: "The source URL carries a user name or password." },
  source_path_missing: { status: 400, meaning: "The path of the source does not exist." },
  source_unreachable: { status: 400, meaning: "The host of the repository could not be reached." },
  source_private: {
    status: 400,
    meaning: "The host of the repository is at an address that is not a public one, or the platform's own.",
  },
  repository_not_found: { status: 400, meaning: "The repository does not exist or is private." },
  branch_not_found: { status: 400, meaning: "The repository has no such branch." },
  commit_not_found: { status: 400, meaning: "The repository has no such commit." },
  repository_empty: { status: 400, meaning: "The repository has no commit." },
  submodule_failed: { status: 400, meaning: "A submodule of the repository could not be fetched." },
  large_files_failed: { status: 400, meaning: "Files that Git LFS keeps could not be fetched." },
  source_empty: { status: 400, meaning: "The source has no files." },
  source_too_large: { status: 400, meaning: "The source is over a size or count limit." },
  source_refused: { status: 400, meaning: "The source holds a name or an entry that can't be stored safely." },
  root_not_found: { status: 400, meaning: "The root directory of the project does not exist in the source." },
  // the build
  package_json_invalid: { status: 400, meaning: "package.json does not parse." },
  package_manager_unclear: { status: 400, meaning: "The package manager can't be told from the source." },
  framework_unknown: { status: 400, meaning: "No framework, build script or index page was found." },
  toolchain_unavailable: { status: 400, meaning: "The Node or package manager version asked for can't be had." },
  install_failed: { status: 400, meaning: "The install command ended with an error." },
  build_failed: { status: 400, meaning: "The build command ended with an error." },
  build_timeout: { status: 400, meaning: "The build took longer than its time limit." },
  build_limit: { status: 400, meaning: "The build went over a limit of memory, processes, disk or log." },
  network_refused: { status: 400, meaning: "The build asked for a host that the network policy refuses." },
  site_ambiguous: { status: 400, meaning: "The source holds several sites, and none is chosen." },
  server_output: { status: 400, meaning: "The build makes a server, and a site of files is needed." },
  output_missing: { status: 400, meaning: "The output directory does not exist after the build." },
  output_empty: { status: 400, meaning: "The build wrote no files." },
  output_no_index: { status: 400, meaning: "The output has no page to start from." },
  output_refused: { status: 400, meaning: "The output holds an entry that can't be published safely." },
  rules_invalid: {
    status: 400,
    meaning: "A redirect, rewrite or header rule of the site can't be parsed, or needs what Berth has not.",
  },
  // the end of a deployment without a result
  canceled: { status: 409, meaning: "Somebody canceled the deployment." },
  superseded: { status: 409, meaning: "A newer deployment of the same branch took its place." },
  interrupted: { status: 500, meaning: "The platform stopped too often while it worked on the deployment." },
  // the platform
  sandbox_unavailable: { status: 503, meaning: "The sandbox does not work on this machine, so nothing is built." },
  store_unavailable: { status: 503, meaning: "The object store did not take or give an object." },
  store_full: { status: 507, meaning: "The object store refused a write for lack of space." },
  secrets_key_wrong: {
    status: 503,
    meaning: "The key is missing or another one than the variables were encrypted with.",
  },
  corrupt_object: { status: 500, meaning: "An object's bytes are not those that its name promises." },
  database_unavailable: { status: 503, meaning: "The database did not answer, or has no space left." },
  queue_unavailable: { status: 503, meaning: "The queue did not answer." },
  port_taken: { status: 500, meaning: "Another process listens on the port." },
  data_directory_unusable: { status: 500, meaning: "The data directory can't be used." },
  data_directory_in_use: { status: 500, meaning: "Another running platform holds the data directory." },
  api_unreachable: { status: 500, meaning: "The platform's API did not answer the command line." },
  missing_dependency: { status: 500, meaning: "A program that the platform needs is not installed." },
  internal: { status: 500, meaning: "Something went wrong inside the platform." },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What users and scripts see of a failure: `message` says what happened, `hint` what to do next. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  hint: string;
}

/** The one error type that crosses rooms. Anything else that is thrown is a bug and is shown as `internal`. */
export class BerthError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, options: { hint: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "BerthError";
    this.code = code;
    this.hint = options.hint;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  toBody(): ErrorBody {
    return { code: this.code, message: this.message, hint: this.hint };
  }
}

/** Turns whatever was thrown into what a user may see; the details of a bug stay in the platform's own log. */
export function toErrorBody(thrown: unknown): ErrorBody {
  if (thrown instanceof BerthError) return thrown.toBody();
  return {
    code: "internal",
    message: "Something went wrong inside the platform.",
    hint: "Look at the platform's own log for the cause, and report it with the lines around it.",
  };
}
