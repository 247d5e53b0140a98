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

/** Longer texts are none of ours: status.contents takes 160 characters. */
const LONGEST_SEALED = 1_000;

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
  const { key } = keys.all('digest')[0] ?? keys.current('digest');
  return once(partsOf(key).sealed, [...place, text], () => sealUnder(key, place, text));
}

function sealUnder(key: Buffer, place: readonly string[], text: string): string {
  const iv = ivOf(key, place, text);
  const cipher = createCipheriv('aes-256-ctr', partsOf(key).encryption, iv);
  return PREFIX + Buffer.concat([iv, cipher.update(text), cipher.final()]).toString('base64url');
}

/** Undefined for what was not sealed by us for this place, or under a key that is gone. */
export function openText(
  keys: Pick<DigestKeys, 'all'>,
  place: readonly string[],
  sealed: string,
): string | undefined {
  if (!sealed.startsWith(PREFIX) || sealed.length > LONGEST_SEALED) return undefined;
  for (const { key } of keys.all('digest')) {
    const text = once(partsOf(key).opened, [...place, sealed], () => openUnder(key, place, sealed));
    if (text !== undefined) return text;
  }
  return undefined;
}

function openUnder(key: Buffer, place: readonly string[], sealed: string): string | undefined {
  const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url');
  if (bytes.length < IV_BYTES) return undefined;
  const iv = bytes.subarray(0, IV_BYTES);
  const decipher = createDecipheriv('aes-256-ctr', partsOf(key).encryption, iv);
  const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES)), decipher.final()]).toString();
  return timingSafeEqual(ivOf(key, place, text), iv) ? text : undefined;
}

function ivOf(key: Buffer, place: readonly string[], text: string): Buffer {
  const mac = createHmac('sha256', partsOf(key).authentication).update(JSON.stringify([...place, text]));
  return mac.digest().subarray(0, IV_BYTES);
}

interface Parts {
  encryption: KeyObject;
  authentication: KeyObject;
  sealed: Answers<string>;
  opened: Answers<string | undefined>;
}

/** What one key was asked for lately. Workspaces of one namespace ask the same, at each look and each change. */
interface Answers<T> {
  found: Map<string, T>;
  /** Of questions and answers together. */
  characters: number;
}

/**
 * Most characters of questions and answers that are kept of one kind under one key: room for some 2,000 of ours, of about 400
 * each. A bound of their number alone would be none, as a status writer chooses how long they are.
 */
export const MOST_CHARACTERS = 1_000_000;

function once<T extends string | undefined>(
  answers: Answers<T>,
  question: readonly string[],
  answer: () => T,
): T {
  const asked = JSON.stringify(question);
  if (answers.found.has(asked)) return answers.found.get(asked) as T;
  const found = answer();
  const length = asked.length + (found?.length ?? 0);
  if (length > MOST_CHARACTERS) return found;
  if (answers.characters + length > MOST_CHARACTERS) {
    answers.found.clear();
    answers.characters = 0;
  }
  answers.found.set(asked, found);
  answers.characters += length;
  return found;
}

/** How many characters are kept for a key, of questions and answers. */
export function keptCharacters(key: Buffer): number {
  const { sealed, opened } = partsOf(key);
  return [...sealed.found, ...opened.found].reduce(
    (sum, [asked, found]) => sum + asked.length + (found?.length ?? 0),
    0,
  );
}

/** By the key: each look at a Workspace opens what its status names. */
const known = new WeakMap<Buffer, Parts>();

function partsOf(key: Buffer): Parts {
  const parts = known.get(key) ?? {
    encryption: derive(key, 'encryption'),
    authentication: derive(key, 'authentication'),
    sealed: { found: new Map(), characters: 0 },
    opened: { found: new Map(), characters: 0 },
  };
  known.set(key, parts);
  return parts;
}

function derive(key: Buffer, purpose: keyof Parts): KeyObject {
  return createSecretKey(createHmac('sha256', key).update(`seal of contents\0${purpose}`).digest());
}
