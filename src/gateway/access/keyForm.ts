import { createHash } from 'node:crypto';

/** The secret bytes of a namespace's key: too many bits for a search. */
export const SECRET_BYTES = 16;

/** A namespace's key has a form of its own, its second half a digest of its first, so that it is known from one that all share. */
export function formed(id: string, secret: Buffer): Buffer {
  return Buffer.concat([secret, secondHalf(id, secret)]);
}

export function isNamespaceKey({ id, key }: { id: string; key: Buffer }): boolean {
  return key.subarray(SECRET_BYTES).equals(secondHalf(id, key.subarray(0, SECRET_BYTES)));
}

function secondHalf(id: string, secret: Buffer): Buffer {
  const hash = createHash('sha256').update(`key of a namespace\0${id}\0`).update(secret);
  return hash.digest().subarray(0, SECRET_BYTES);
}
