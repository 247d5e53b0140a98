import type { KubeObject } from '../../controller/client/client.ts';
import type { Random } from '../../controller/lib/random.ts';
import {
  entryName,
  KEY_BYTES,
  KEY_KINDS,
  type KeyEntry,
  type KeyKind,
  newKeyID,
  readEntries,
} from '../../gateway/access/keys.ts';
import { forgottenKeys } from '../../gateway/access/liveKeys.ts';

/** Each new value asks for one new key of each kind. */
export const ROTATE_KEYS = 'compute.molecule.ai/rotate-keys';
/** The value that was last answered. */
export const ROTATED_KEYS = 'compute.molecule.ai/rotated-keys';

/** The entries to write into the Secret. */
export interface KeyPlan {
  /** Entries that this process holds and the Secret lacks. */
  restored: readonly KeyEntry[];
  /** New keys, one of each kind. */
  made: readonly KeyEntry[];
  /** The request that they answer. */
  rotated?: string;
}

/**
 * Plans the entries that the Secret lacks: keys that this process holds and that no person asked to forget, and, once a rotation was
 * asked for, a new one of each kind. It never removes an entry. Undefined when the Secret is complete.
 */
export function planKeys(
  secret: KubeObject | undefined,
  held: readonly KeyEntry[],
  random: Random,
  kinds: readonly KeyKind[] = KEY_KINDS,
): KeyPlan | undefined {
  const present = new Map(
    secret && readEntries(secret, kinds).entries.map((entry) => [entryName(entry), entry]),
  );
  const forgotten = secret ? forgottenKeys(secret) : new Set<string>();
  const restored = held.filter((entry) => {
    const name = entryName(entry);
    const there = present.get(name);
    return there ? !there.key.equals(entry.key) : !forgotten.has(name);
  });
  const asked = secret?.metadata.annotations?.[ROTATE_KEYS];
  if (!asked || asked === secret?.metadata.annotations?.[ROTATED_KEYS]) {
    return restored.length > 0 ? { restored, made: [] } : undefined;
  }
  const all = [...present.values(), ...held];
  const made = kinds.map((kind): KeyEntry => {
    const number =
      1 + Math.max(0, ...all.filter((entry) => entry.kind === kind).map((entry) => entry.number));
    return { kind, number, id: newKeyID(number, random), key: random.bytes(KEY_BYTES) };
  });
  return { restored, made, rotated: asked };
}
