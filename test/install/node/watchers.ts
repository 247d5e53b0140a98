import { setTimeout as wait } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { OPERATOR_NAMESPACE } from '../../../dev/stack/install.ts';
import type { KubeObject, Resource } from '../../../src/controller/client/client.ts';
import { systemClock } from '../../../src/controller/lib/clock.ts';
import type { NodeScene } from './scene.ts';

const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  namespaced: true,
};
const LOOK_EVERY_MS = 50;
/** Of one question. */
const LIMIT_MS = 2_000;
type Lease = KubeObject & { spec?: { holderIdentity?: string } };

/** What is looked at again and again, until `stop`. */
export interface Watcher {
  /** Resolves to the longest time between two moments at which it was well, ms. */
  stop(): Promise<number>;
}

/** @param isWell started every 50 ms, whatever became of the one before; one that is not, or fails, is a gap */
function watch(isWell: () => Promise<boolean>): Watcher {
  let isOver = false;
  let longest = 0;
  let wellAt = systemClock.monotonic();
  const asked = new Set<Promise<void>>();

  async function ask(): Promise<void> {
    const askedAt = systemClock.monotonic();
    if (!(await isWell().catch(() => false))) return;
    // It was well at some time after it was asked.
    longest = Math.max(longest, askedAt - wellAt);
    if (askedAt > wellAt) wellAt = askedAt;
  }

  const ended = (async () => {
    while (!isOver) {
      const one = ask().finally(() => asked.delete(one));
      asked.add(one);
      await wait(LOOK_EVERY_MS);
    }
    const overAt = systemClock.monotonic();
    await Promise.all(asked);
    return Math.max(longest, overAt - wellAt);
  })();
  return {
    stop() {
      isOver = true;
      return ended;
    },
  };
}

/** Asks the gateway as an instance would reach it, on a connection of its own each time. */
export function watchGateway({ stack }: NodeScene): Watcher {
  return watch(async () => {
    const connect = { rejectUnauthorized: false, timeout: LIMIT_MS };
    const dispatcher = new Agent({ connect, headersTimeout: LIMIT_MS });
    try {
      const { statusCode, body } = await request(`${stack.gatewayURL}/v1/agent`, { dispatcher });
      await body.dump();
      return statusCode === 200;
    } finally {
      await dispatcher.destroy();
    }
  });
}

/** Who holds the lease, one after the other, and for how long nobody did. */
export function watchLeader({ kube }: NodeScene): Watcher & { holders: readonly string[] } {
  const holders: string[] = [];
  const watcher = watch(async () => {
    const lease = await kube.get<Lease>(LEASES, 'workspace-operator', OPERATOR_NAMESPACE);
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder !== '' && holder !== holders.at(-1)) holders.push(holder);
    return holder !== '';
  });
  return { ...watcher, holders };
}

/** Reports that a Workspace looks dead, again and again, as an eager health probe does. `stop` answers with each status and how often it came. */
export function watchReports(
  { stack }: NodeScene,
  body: { namespace: string; name: string },
  token: string,
): { stop(): Promise<Record<number, number>> } {
  const counts: Record<number, number> = {};
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false, timeout: LIMIT_MS } });
  let isOver = false;
  const ended = (async () => {
    while (!isOver) {
      const answer = await request(`${stack.gatewayURL}/v1/reports`, {
        method: 'POST',
        dispatcher,
        reset: true,
        headersTimeout: LIMIT_MS,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }).catch(() => undefined);
      await answer?.body.dump();
      const status = answer?.statusCode ?? 0;
      counts[status] = (counts[status] ?? 0) + 1;
      await wait(4 * LOOK_EVERY_MS);
    }
    await dispatcher.close();
    return counts;
  })();
  return {
    stop() {
      isOver = true;
      return ended;
    },
  };
}
