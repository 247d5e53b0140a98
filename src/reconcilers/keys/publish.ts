import type { Logger } from 'pino';
import type { Store } from '../../controller/cache/store.ts';
import type { KubeClient, KubeObject } from '../../controller/client/client.ts';
import { isConflict } from '../../controller/client/errors.ts';
import { type Leadership, LeaseLostError, requireTerm } from '../../controller/lease/leadership.ts';
import { createBackoff } from '../../controller/lib/backoff.ts';
import type { Clock } from '../../controller/lib/clock.ts';
import type { Random } from '../../controller/lib/random.ts';
import { isNamespaceKey } from '../../gateway/access/keyForm.ts';
import { KEY_SECRETS, keySecretBody, type NamedKey } from '../../gateway/access/keys.ts';
import type { LiveKeyRing } from '../../gateway/access/liveKeys.ts';
import { namespaceKey, sortsBelow } from '../../gateway/access/namespaceKeys.ts';

/** The most keys of namespaces in the Secret: each costs about 90 bytes there, and a Secret has at most 1 MiB. */
export const MOST_PUBLISHED = 4_096;
const MOST_TRIES = 3;
/** How long passes go on without asking again after the API server refused a write; ms. */
const [LEAST_WAIT_MS, MOST_WAIT_MS] = [1_000, 300_000];

/**
 * Puts the digest keys of namespaces into the Secret. This release derives them, and never reads them there: it is for an
 * earlier one, which takes a digest under a key that it doesn't find for one under a lost key, and so might miss a change
 * of a Secret that comes together with a roll-back. A pass that waits for it goes on when it fails, and all that wait at
 * once are one write. While writes fail, passes ask ever more rarely, and the next write that is tried has all that is missing.
 */
export function createKeyPublisher(deps: {
  kube: Pick<KubeClient, 'get' | 'mergePatch'>;
  secret: { namespace: string; name: string };
  store: Pick<Store<KubeObject>, 'applyWrite'>;
  keys: LiveKeyRing;
  lease: Leadership;
  clock: Clock;
  random: Random;
  logger: Logger;
}): (namespace: string) => Promise<void> {
  const { kube, secret, store, keys, lease, clock, random, logger } = deps;
  /** The write that has not begun. */
  let next: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();
  const backoff = createBackoff({ random, minMs: LEAST_WAIT_MS, maxMs: MOST_WAIT_MS });
  /** The keys to write, by id. */
  const missing = new Map<string, NamedKey>();
  /** Monotonic ms; while writes fail. */
  let againAt: number | undefined;

  async function write(wanted: readonly NamedKey[]): Promise<void> {
    const published = keys.entries().filter(isNamespaceKey).length;
    const made = wanted.slice(0, Math.max(0, MOST_PUBLISHED - published));
    const term = lease.term();
    if (made.length === 0) return;
    if (!term) throw new LeaseLostError('the lease may be held by another; nothing was sent');
    const { data } = keySecretBody(
      secret,
      made.map((key) => ({ ...key, kind: 'digest' })),
    );
    for (let attempt = 1; ; attempt += 1) {
      const { metadata } = await kube.get(KEY_SECRETS, secret.name, secret.namespace);
      const patch = { metadata: { resourceVersion: metadata.resourceVersion }, data };
      const beforeSend = () => requireTerm(lease, term);
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

  function failed(error: unknown): void {
    if (againAt === undefined)
      logger.warn(
        { event: 'keys.unpublished', err: error },
        'keys of namespaces are not in the Secret, and are tried again ever more rarely: an earlier release would take what is digested with them for unchanged',
      );
    againAt = clock.monotonic() + backoff.next();
  }

  function written(wanted: readonly NamedKey[]): void {
    if (againAt !== undefined)
      logger.info({ event: 'keys.published' }, 'the keys of namespaces are in the Secret again');
    for (const { id } of wanted) missing.delete(id);
    againAt = undefined;
    backoff.reset();
  }

  const isWaiting = () => againAt !== undefined && clock.monotonic() < againAt;

  async function writeMissing(): Promise<void> {
    next = undefined;
    if (isWaiting()) return;
    const wanted = [...missing.values()];
    try {
      await write(wanted);
      written(wanted);
    } catch (error) {
      failed(error);
    }
  }

  return async function publish(namespace) {
    const key = namespaceKey(keys, namespace);
    if (!sortsBelow(keys.current('digest')) || keys.get('digest', key.id)) return;
    missing.set(key.id, key);
    if (isWaiting()) return;
    if (next === undefined) {
      next = last.then(writeMissing);
      last = next;
    }
    await next;
  };
}
