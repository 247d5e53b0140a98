import type { Logger } from 'pino';
import type { Store } from '../../controller/cache/store.ts';
import type { KubeClient, KubeObject } from '../../controller/client/client.ts';
import { isConflict } from '../../controller/client/errors.ts';
import { isNamespaceKey } from '../../gateway/access/keyForm.ts';
import { KEY_SECRETS, keySecretBody, type NamedKey } from '../../gateway/access/keys.ts';
import type { LiveKeyRing } from '../../gateway/access/liveKeys.ts';
import { namespaceKey, sortsBelow } from '../../gateway/access/namespaceKeys.ts';
import type { Lease } from '../workspace/context/deps.ts';

/** The most keys of namespaces in the Secret: each costs about 90 bytes there, and a Secret has at most 1 MiB. */
export const MOST_PUBLISHED = 4_096;
const MOST_TRIES = 3;

/**
 * Puts the digest keys of namespaces into the Secret. This release derives them, and never reads them there: it is for an
 * earlier one, which takes a digest under a key that it doesn't find for one under a lost key, and so might miss a change
 * of a Secret that comes together with a roll-back. A pass that waits for it goes on when it fails, and all that wait at
 * once are one write.
 */
export function createKeyPublisher(deps: {
  kube: Pick<KubeClient, 'get' | 'mergePatch'>;
  secret: { namespace: string; name: string };
  store: Pick<Store<KubeObject>, 'applyWrite'>;
  keys: LiveKeyRing;
  lease: Pick<Lease, 'held'>;
  logger: Logger;
}): (namespace: string) => Promise<void> {
  const { kube, secret, store, keys, lease, logger } = deps;
  let next: { wanted: Map<string, NamedKey>; done: Promise<void> } | undefined;
  let last: Promise<void> = Promise.resolve();

  async function write(wanted: readonly NamedKey[]): Promise<void> {
    const published = keys.entries().filter(isNamespaceKey).length;
    const made = wanted.slice(0, Math.max(0, MOST_PUBLISHED - published));
    if (made.length === 0) return;
    const { data } = keySecretBody(
      secret,
      made.map((key) => ({ ...key, kind: 'digest' })),
    );
    for (let attempt = 1; ; attempt += 1) {
      const { metadata } = await kube.get(KEY_SECRETS, secret.name, secret.namespace);
      const patch = { metadata: { resourceVersion: metadata.resourceVersion }, data };
      const beforeSend = () => {
        if (!lease.held()) throw new Error('the lease may be held by another; nothing was sent');
      };
      try {
        const written = await kube.mergePatch(KEY_SECRETS, secret, patch, { beforeSend });
        keys.take(written);
        store.applyWrite(written);
        return;
      } catch (error) {
        if (!isConflict(error) || attempt === MOST_TRIES) throw error;
      }
    }
  }

  function batch() {
    const wanted = new Map<string, NamedKey>();
    const done = last
      .then(() => {
        next = undefined;
        return write([...wanted.values()]);
      })
      .catch((error: unknown) => {
        logger.warn(
          { event: 'keys.unpublished', err: error },
          'keys of namespaces are not in the Secret: an earlier release would take what is digested with them for unchanged',
        );
      });
    last = done;
    return { wanted, done };
  }

  return async function publish(namespace) {
    const key = namespaceKey(keys, namespace);
    if (!sortsBelow(keys.current('digest')) || keys.get('digest', key.id)) return;
    next ??= batch();
    next.wanted.set(key.id, key);
    await next.done;
  };
}
