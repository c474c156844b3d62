import { BerthError } from "../model/errors.ts";
import { type Sha256, sha256 } from "../model/ids.ts";
import { parseTree, serializeTree, type Tree, type TreeEntry } from "../model/tree.ts";
import type { ObjectStore } from "./object-store.ts";

const treeKey = (hash: Sha256): string => `trees/${hash}`;

/** Stores a tree under its hash, which is returned. The blobs that it names are to be in the store before. */
export async function putTree(store: ObjectStore, entries: Iterable<TreeEntry>): Promise<Sha256> {
  const bytes = new TextEncoder().encode(serializeTree(entries));
  const hash = sha256(bytes);
  await store.put(treeKey(hash), bytes, { ifAbsent: true });
  return hash;
}

/**
 * @returns undefined when the store has no such tree
 * @throws BerthError `corrupt_object` when its bytes are not those that its hash names
 */
export async function getTree(store: ObjectStore, hash: Sha256): Promise<Tree | undefined> {
  const found = await store.get(treeKey(hash));
  if (found === undefined) return undefined;
  const bytes = await found.bytes();
  if (sha256(bytes) === hash) return parseTree(new TextDecoder().decode(bytes));
  throw new BerthError("corrupt_object", `The tree ${hash} is damaged in the object store.`, {
    hint: "Check the disk or bucket that BERTH_STORE names, and remove the damaged object so that it is written anew.",
  });
}
