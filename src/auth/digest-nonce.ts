import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Nonces that every front end with the same key can check, so that none has to be remembered: when one was made, chance, and
 * a seal over both and the realm. base64url.
 */
export interface Nonces {
  issue(realm: string): string;
  /** When the nonce was made, in milliseconds since 1970; undefined: it is none of ours for this realm. */
  read(nonce: string, realm: string): number | undefined;
}

const timeBytes = 6;
const chanceBytes = 6;
const sealBytes = 18;

/** `key` stays secret and the same for as long as nonces shall hold. `now` is a clock in milliseconds since 1970. */
export function createNonces(key: Buffer, now: () => number): Nonces {
  const seal = (text: Buffer, realm: string) =>
    createHmac('sha256', key).update(text).update(realm, 'latin1').digest().subarray(0, sealBytes);

  return {
    issue(realm) {
      const text = Buffer.alloc(timeBytes + chanceBytes);
      text.writeUIntBE(now(), 0, timeBytes);
      randomBytes(chanceBytes).copy(text, timeBytes);
      return Buffer.concat([text, seal(text, realm)]).toString('base64url');
    },
    read(nonce, realm) {
      const bytes = Buffer.from(nonce, 'base64url');
      if (bytes.length !== timeBytes + chanceBytes + sealBytes || bytes.toString('base64url') !== nonce)
        return undefined;
      const text = bytes.subarray(0, timeBytes + chanceBytes);
      if (!timingSafeEqual(bytes.subarray(text.length), seal(text, realm))) return undefined;
      return text.readUIntBE(0, timeBytes);
    },
  };
}
