import { createHmac } from 'node:crypto';
import { formed, SECRET_BYTES } from './keyForm.ts';
import type { KeyRing, NamedKey } from './keys.ts';

/** As far as digests of environments go. */
export type DigestKeys = Pick<KeyRing, 'current' | 'get' | 'all'>;

/** With fewer ids than this to choose from, two namespaces would soon get the same one by chance. */
const LEAST_IDS = 2 ** 20;
/** The number of ids that are tried; all of them being taken is too unlikely to handle. */
const MOST_TRIES = 4;

/**
 * The key that new digests of this namespace's environments are made with: content that two namespaces share has two
 * digests. It is derived from the current digest key, so every process knows it and none is lost alone.
 */
export function namespaceKey(keys: DigestKeys, namespace: string): NamedKey {
  const parent = keys.current('digest');
  for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
    const own = derive(parent, namespace, attempt);
    const known = keys.get('digest', own.id);
    if (!known || known.equals(own.key)) return own;
  }
  return derive(parent, namespace, 0);
}

/**
 * The key that a digest of this namespace's names; undefined when it is unknown, or when it is another namespace's: a
 * tenant who puts that one's digest beside content of their own must not learn whether it fits.
 */
export function digestKey(keys: DigestKeys, namespace: string, id: string): Buffer | undefined {
  const parents = keys.all('digest');
  const shared = parents.find((parent) => parent.id === id);
  if (shared) return shared.key;
  for (const parent of parents) {
    for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
      const own = derive(parent, namespace, attempt);
      if (own.id === id) return own.key;
    }
  }
  return undefined;
}

/** Whether an earlier release that finds this key in the Secret goes on taking its parent for the current one. */
export function sortsBelow({ id }: NamedKey): boolean {
  return idsBelow(id) >= LEAST_IDS;
}

/** By the parent; each pass and each bootstrap asks, and a derivation costs 25 µs. */
const derived = new WeakMap<Buffer, Map<string, NamedKey>>();
const MOST_KNOWN = 20_000;

function derive(parent: NamedKey, namespace: string, attempt: number): NamedKey {
  const known = derived.get(parent.key) ?? new Map<string, NamedKey>();
  derived.set(parent.key, known);
  const which = `${attempt} ${namespace}`;
  const own = known.get(which) ?? deriveAnew(parent, namespace, attempt);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(which, own);
  return own;
}

function deriveAnew(parent: NamedKey, namespace: string, attempt: number): NamedKey {
  const bytes = createHmac('sha256', parent.key).update(`namespace\0${namespace}\0${attempt}`).digest();
  const secret = bytes.subarray(0, SECRET_BYTES);
  const below = idsBelow(parent.id);
  const ids = below >= LEAST_IDS ? below : 2 ** 32;
  const chosen = Math.floor((bytes.readUInt32BE(SECRET_BYTES) / 2 ** 32) * ids);
  const id = `k1x${chosen.toString(16).padStart(8, '0')}`;
  return { id, key: formed(id, secret) };
}

/** How many ids of number 1 sort below this one, as every release orders keys. */
function idsBelow(id: string): number {
  const [, number, suffix = '0'] = /^k([0-9]+)(?:x([0-9a-f]{8}))?$/.exec(id) ?? [];
  return Number(number) > 1 ? 2 ** 32 : Number.parseInt(suffix, 16);
}
