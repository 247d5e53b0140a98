import type { Logger } from 'pino';
import type { KubeClient, KubeObject } from '../../controller/client/client.ts';
import { isNotFound } from '../../controller/client/errors.ts';
import { isNamespaceKey } from './keyForm.ts';
import {
  createKeyRing,
  entryName,
  KEY_KINDS,
  KEY_SECRETS,
  type KeyEntry,
  type KeyKind,
  type KeyRing,
  readEntries,
} from './keys.ts';

/** Names entries (`<kind>.<id>`, with commas) that a person took out of the Secret for good: they are not put back. */
export const FORGET_KEYS = 'compute.molecule.ai/forget-keys';

/** The keys that the Secret holds now, and those that it held before and that no person asked to forget. */
export interface LiveKeyRing extends KeyRing {
  entries(): readonly KeyEntry[];
  /** Takes the Secret's content from a watch or from our own write's answer. */
  take(secret: KubeObject): void;
  /** Whether neither this process nor the Secret, read now, holds that key. Rejects when the API server does not answer. */
  isGone(kind: KeyKind, id: string): Promise<boolean>;
  /** A key came that was not here before. */
  onNew(listener: () => void): void;
}

/**
 * Lets every process take up a new key without a restart. A key that disappears from the Secret stays here: digests and
 * credentials made with it must stay valid, and the leader puts it back from here.
 */
export function createLiveKeyRing(options: {
  kube: Pick<KubeClient, 'get'>;
  secret: { namespace: string; name: string };
  entries: readonly KeyEntry[];
  logger: Logger;
  /** The kinds of key that the Secret holds. */
  kinds?: readonly KeyKind[];
}): LiveKeyRing {
  const { kube, secret, logger, kinds = KEY_KINDS } = options;
  const where = `Secret ${secret.namespace}/${secret.name}`;
  const held = new Map(options.entries.map((entry) => [entryName(entry), entry]));
  const listeners: (() => void)[] = [];
  let ring = createKeyRing(options.entries, where, kinds);

  function take(object: KubeObject): void {
    const { entries, faults } = readEntries(object, kinds);
    for (const fault of faults)
      logger.error({ fault }, `${where} is damaged; what is held of it here is used`);
    const forgotten = forgottenKeys(object);
    let grown = false;
    for (const entry of entries) {
      const name = entryName(entry);
      const known = held.get(name);
      // One id must never stand for two keys: credentials made with the first would count as forged.
      if (known && !known.key.equals(entry.key))
        logger.error({ entry: name }, `${where}: an entry is another key now; the first one is used`);
      if (known) continue;
      held.set(name, entry);
      // A namespace's key is derived where it is needed.
      if (!isNamespaceKey(entry)) grown = true;
    }
    const present = new Set(entries.map(entryName));
    for (const name of held.keys()) if (forgotten.has(name) && !present.has(name)) held.delete(name);
    try {
      ring = createKeyRing([...held.values()], where, kinds);
    } catch (error) {
      logger.error(
        { err: error },
        'the last key of a kind was to be forgotten; it is used until there is another',
      );
    }
    if (grown) for (const listener of listeners) listener();
  }

  return {
    current: (kind) => ring.current(kind),
    get: (kind, id) => ring.get(kind, id),
    all: (kind) => ring.all(kind),
    entries: () => [...held.values()],
    take,
    async isGone(kind, id) {
      if (ring.get(kind, id)) return false;
      try {
        take(await kube.get(KEY_SECRETS, secret.name, secret.namespace));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      return ring.get(kind, id) === undefined;
    },
    onNew: (listener) => void listeners.push(listener),
  };
}

export function forgottenKeys({ metadata }: KubeObject): ReadonlySet<string> {
  return new Set((metadata.annotations?.[FORGET_KEYS] ?? '').split(',').map((name) => name.trim()));
}
