import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { BerthError } from "../model/errors.ts";
import type { VariablePlace } from "../model/variables.ts";

/** NIST SP 800-38D: a nonce of 96 random bits for each encryption, a tag of 128. */
const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = "1";

/** Where a value belongs. It is authenticated with it: moved to another row, it does not open. */
export interface SealedPlace extends VariablePlace {
  projectId: string;
  secret: boolean;
}

/** A value as it is stored: which key it takes, and `<version>.<base64url of nonce, ciphertext and tag>`. */
export interface Sealed {
  keyId: string;
  sealed: string;
}

/** Encrypts and decrypts the values of variables. */
export interface SecretBox {
  /** Tells keys apart, and tells nothing of the key. */
  readonly keyId: string;
  seal(value: string, place: SealedPlace): Sealed;
  /** @throws BerthError `secrets_key_wrong` for another key's value, `corrupt_object` for one that was changed or moved */
  open(sealed: Sealed, place: SealedPlace): string;
  /** The same for the same value. Without the key nobody can find out by trying which value it is. */
  fingerprint(value: string): string;
}

/** @param key 32 bytes */
export function createSecretBox(key: Uint8Array): SecretBox {
  if (key.byteLength !== KEY_BYTES) throw new TypeError(`a key of ${key.byteLength} bytes`);
  const keyId = createHmac("sha256", key).update("berth secrets key id").digest("hex").slice(0, 16);
  return {
    keyId,
    seal(value, place) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(additionalData(place));
      const ciphertext = Buffer.concat([cipher.update(value, "utf8"), cipher.final()]);
      const bytes = Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
      return { keyId, sealed: `${VERSION}.${bytes.toString("base64url")}` };
    },
    open(stored, place) {
      if (stored.keyId !== keyId) throw otherKey();
      const [version, encoded = ""] = stored.sealed.split(".");
      const bytes = Buffer.from(encoded, "base64url");
      if (version !== VERSION || bytes.byteLength < NONCE_BYTES + TAG_BYTES) throw damaged(place);
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(additionalData(place))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const opened = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
        return Buffer.concat(opened).toString("utf8");
      } catch {
        throw damaged(place);
      }
    },
    fingerprint: (value) => createHmac("sha256", key).update(`berth variable's fingerprint\n${value}`).digest("hex"),
  };
}

function additionalData({ projectId, name, context, secret }: SealedPlace): Buffer {
  return Buffer.from(JSON.stringify(["berth variable", VERSION, projectId, name, context, secret]));
}

export function otherKey(): BerthError {
  return new BerthError("secrets_key_wrong", "The variables were encrypted with another key than the platform has.", {
    hint: "Put back the secrets.key of the data directory, or BERTH_SECRETS_KEY; several processes need the same one. If it is lost, remove the locked variables with 'berth env rm' and set them anew.",
  });
}

function damaged({ name }: SealedPlace): BerthError {
  return new BerthError("corrupt_object", `The stored value of the variable '${name}' is damaged.`, {
    hint: "Set the variable anew.",
  });
}
