import type { Readable } from "node:stream";
import type { ContactedHost } from "../model/contacted-host.ts";
import type { ErrorBody } from "../model/errors.ts";

/** The wall around code that nobody has read. `bubblewrap.ts` is the one implementation that builds run in. */
export interface Sandbox {
  /** Which tier holds on this machine and why (3: gVisor; 2: root with a uid per slot; 1: not root; 0: by the operator's word). */
  readonly tier: { level: 0 | 1 | 2 | 3; reason: string };
  /** The disk space of a slot is a volume of its own; else it is a share of the machine's. */
  readonly hasVolumes: boolean;
  /** URL of the registry that builds are configured with, with a slash at its end. */
  readonly registry: string;

  /**
   * Tries the wall on this machine: runs a command in it and looks from inside. undefined when it holds, which is then
   * remembered; a refusal is tried again by the next call.
   */
  selfTest(): Promise<ErrorBody | undefined>;

  /** Makes the empty folders of a build slot and hands them to the slot's uid. What lay there before is removed. */
  prepareSlot(slot: number): Promise<SlotFolders>;

  /** Gives a file tree written into the slot by the platform to the slot's uid, following no link. */
  handOver(slot: number): Promise<void>;

  /**
   * Runs one command in the wall. Never rejects because of what the command does.
   * When it resolves, no process of it is alive, and its folders are still.
   */
  run(command: readonly string[], options: RunOptions): Promise<RunResult>;

  /**
   * Removes the slot's folders. The slot may be prepared anew as soon as this has returned; its promise resolves when
   * the space is given back, which nobody needs to wait for.
   */
  clearSlot(slot: number): Promise<void>;

  /** Ends a self-test under way, clears every slot that was prepared and waits for it: nothing of it runs or is mounted. */
  close(): Promise<void>;
}

/** Paths on the host; inside they are `/work`, `/cache` and `/home`. */
export interface SlotFolders {
  work: string;
  cache: string;
  home: string;
}

export type EgressPolicy = "none" | "registry" | "public";

/** A host that was resolved and checked before: the proxy connects to these addresses, whatever the name says now. */
export interface PinnedHost {
  /** As it is asked for: lower case, without brackets. */
  host: string;
  port: number;
  addresses: readonly string[];
}

export interface RunOptions {
  slot: number;
  /** Inside the sandbox: `/work` or a folder below it. */
  cwd: string;
  /** All of the environment that the command sees beside PATH, HOME and the proxy's variables. */
  env: Readonly<Record<string, string>>;
  /** Folders of the host that are seen read-only inside, by the same path or another one below /opt. */
  readOnly: readonly { host: string; inside: string }[];
  /** Folders inside that are put before the default PATH. */
  path: readonly string[];
  egress: EgressPolicy;
  /** Full version of the Node that the command runs on, where that is a build's. */
  node?: string;
  /**
   * URLs of default registries that files of the work folder name. Where one is not what the operator's registry stands
   * for, package managers are told of that in the home folder alone, before which those files go.
   */
  registries?: readonly string[];
  /** What may be reached beside what the policy lets through. */
  egressHosts?: readonly PinnedHost[];
  limits: RunLimits;
  /** The command's standard input: a file of the host or a stream, which ends with the command; empty without. */
  stdin?: string | Readable;
  /**
   * Gets raw bytes as they come; total bytes are held to `limits.logBytes`. While a promise that it returned is
   * pending, the stream is not read on, so that a fast command waits for a slow reader.
   */
  onOutput(stream: "stdout" | "stderr", bytes: Uint8Array): void | Promise<void>;
  signal: AbortSignal;
}

export interface RunLimits {
  wallMs: number;
  memoryBytes: number;
  /** Threads too. */
  processes: number;
  /** Work, cache and home together. On a volume its size holds instead, which was fixed when the slot was prepared. */
  diskBytes: number;
  fileBytes: number;
  logBytes: number;
}

export interface RunResult {
  /** Exit status of the command; null when it was killed. */
  exit: number | null;
  cause: "exit" | "timeout" | "memory" | "processes" | "disk" | "log" | "canceled";
  durationMs: number;
  /** Each host and port once, in order of the first try. A run that asks for very many gets the first of them. */
  contacted: ContactedHost[];
  /** Hosts that the egress policy refused, each once, in order of the first try. */
  refusedHosts: string[];
}
