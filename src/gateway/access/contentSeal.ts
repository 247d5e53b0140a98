import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import type { DigestKeys } from './namespaceKeys.ts';

const PREFIX = 'c1.';
const IV_BYTES = 16;

/**
 * Hides text in a form that this operator alone can read, so that what is compared between namespaces can stand in their
 * statuses. The same text looks different in each place, and the same again in one place: nothing is written for it
 * twice. Encryption with an IV that is a MAC over place and text (SIV, RFC 5297, with HMAC-SHA256 and AES-256-CTR). Under
 * the oldest key, so that a new one rewrites nothing.
 */
export function sealText(
  keys: Pick<DigestKeys, 'all' | 'current'>,
  place: readonly string[],
  text: string,
): string {
  const parent = keys.all('digest')[0] ?? keys.current('digest');
  const iv = ivOf(parent.key, place, text);
  const cipher = createCipheriv('aes-256-ctr', partsOf(parent.key).encryption, iv);
  return PREFIX + Buffer.concat([iv, cipher.update(text), cipher.final()]).toString('base64url');
}

/** Undefined for what was not sealed by us for this place, or under a key that is gone. */
export function openText(
  keys: Pick<DigestKeys, 'all'>,
  place: readonly string[],
  sealed: string,
): string | undefined {
  if (!sealed.startsWith(PREFIX)) return undefined;
  const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url');
  if (bytes.length < IV_BYTES) return undefined;
  const iv = bytes.subarray(0, IV_BYTES);
  for (const { key } of keys.all('digest')) {
    const decipher = createDecipheriv('aes-256-ctr', partsOf(key).encryption, iv);
    const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES)), decipher.final()]).toString();
    if (timingSafeEqual(ivOf(key, place, text), iv)) return text;
  }
  return undefined;
}

function ivOf(key: Buffer, place: readonly string[], text: string): Buffer {
  const mac = createHmac('sha256', partsOf(key).authentication).update(JSON.stringify([...place, text]));
  return mac.digest().subarray(0, IV_BYTES);
}

interface Parts {
  encryption: KeyObject;
  authentication: KeyObject;
}

/** By the key: each look at a Workspace opens what its status names. */
const known = new WeakMap<Buffer, Parts>();

function partsOf(key: Buffer): Parts {
  const parts = known.get(key) ?? {
    encryption: derive(key, 'encryption'),
    authentication: derive(key, 'authentication'),
  };
  known.set(key, parts);
  return parts;
}

function derive(key: Buffer, purpose: keyof Parts): KeyObject {
  return createSecretKey(createHmac('sha256', key).update(`seal of contents\0${purpose}`).digest());
}
