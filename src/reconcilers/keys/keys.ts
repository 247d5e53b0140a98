import { OPERATOR_EVENTS } from '../../api/reasons/eventReasons.ts';
import type { Store } from '../../controller/cache/store.ts';
import type { KubeClient, KubeObject } from '../../controller/client/client.ts';
import type { Term } from '../../controller/lease/leaderElection.ts';
import { type Leadership, requireTerm } from '../../controller/lease/leadership.ts';
import type { Random } from '../../controller/lib/random.ts';
import type { ReconcileContext } from '../../controller/loop/controller.ts';
import {
  entryName,
  KEY_SECRETS,
  type KeyEntry,
  type KeyKind,
  keySecretBody,
} from '../../gateway/access/keys.ts';
import type { LiveKeyRing } from '../../gateway/access/liveKeys.ts';
import type { Events } from '../events.ts';
import { type KeyPlan, planKeys, ROTATED_KEYS } from './keep.ts';

export interface KeysDeps {
  kube: Pick<KubeClient, 'create' | 'mergePatch'>;
  /** Where the keys are. */
  secret: { namespace: string; name: string };
  store: Store<KubeObject>;
  keys: LiveKeyRing;
  lease: Leadership;
  events: Events;
  random: Random;
  /** The kinds of key that it holds. */
  kinds: readonly KeyKind[];
}

/** Keeps the Secret whole: answers a rotation, and puts back what was lost from it. By compare-and-swap, while it leads. */
export function createKeysReconciler(deps: KeysDeps) {
  const { kube, secret, store, keys, lease, events, random, kinds } = deps;

  async function write(term: Term, present: KubeObject | undefined, plan: KeyPlan): Promise<KubeObject> {
    const beforeSend = () => requireTerm(lease, term);
    const body = keySecretBody(secret, [...plan.restored, ...plan.made]);
    if (!present) return kube.create(KEY_SECRETS, body, secret.namespace, { beforeSend });
    const { resourceVersion } = present.metadata;
    const annotations = plan.rotated === undefined ? {} : { annotations: { [ROTATED_KEYS]: plan.rotated } };
    const patch = { metadata: { resourceVersion, ...annotations }, data: body.data };
    return kube.mergePatch(KEY_SECRETS, secret, patch, { beforeSend });
  }

  return async function reconcile(key: string, { logger }: ReconcileContext): Promise<undefined> {
    const term = lease.term();
    if (!term) return;
    const present = store.get(key);
    const plan = planKeys(present, keys.entries(), random, kinds);
    if (!plan) return;
    const written = await write(term, present, plan);
    keys.take(written);
    store.applyWrite(written);
    const regarding = { apiVersion: 'v1', kind: 'Secret', ...secret, uid: written.metadata.uid };
    const record = (reason: 'KeysRotated' | 'KeysRestored', note: string) => {
      const { type } = OPERATOR_EVENTS[reason];
      events.record({ regarding, type, reason, action: 'KeepKeys', note });
    };
    if (plan.made.length > 0) {
      logger.info({ event: 'keys.rotated', entries: plan.made.map(entryName) }, 'new keys are current');
      record(
        'KeysRotated',
        `${names(plan.made)} are current from now on; older ones stay for what names them.`,
      );
    }
    if (plan.restored.length > 0) {
      logger.warn({ event: 'keys.restored', entries: names(plan.restored) }, 'keys were put back');
      record('KeysRestored', `${names(plan.restored)} had gone from the Secret and were put back.`);
    }
  };
}

const MOST_NAMES = 8;

function names(entries: readonly KeyEntry[]): string {
  const named = entries.slice(0, MOST_NAMES).map(entryName).join(', ');
  return entries.length > MOST_NAMES ? `${named} and ${entries.length - MOST_NAMES} more` : named;
}
