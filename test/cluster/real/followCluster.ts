import { pino } from 'pino';
import type { JsonObject } from '../../../dev/apiserver/values/kinds.ts';
import { startReflector } from '../../../src/controller/cache/reflector.ts';
import { createStore } from '../../../src/controller/cache/store.ts';
import type { KubeObject, Resource } from '../../../src/controller/client/client.ts';
import type { Transport } from '../../../src/controller/client/transport.ts';
import { systemClock as clock } from '../../../src/controller/lib/clock.ts';
import { systemRandom } from '../../../src/controller/lib/random.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import type { Raised } from '../../scenarios/scene/raised.ts';

const FOLLOWED: readonly Resource[] = [
  WORKSPACES,
  { ...WORKSPACES, plural: 'workspaceclasses', namespaced: false },
  { group: '', version: 'v1', plural: 'events', namespaced: true },
];

/** Watches from now on; what the API server sends late arrives late. Returns how to stop. */
export function followCluster(
  transport: Transport,
  listener: Parameters<Raised['follow']>[0],
): () => Promise<void> {
  const reflectors = FOLLOWED.map((resource) => {
    const store = createStore<KubeObject>();
    store.onChange(({ type, object, old }) =>
      listener({
        type: type === 'deleted' ? 'DELETED' : old ? 'MODIFIED' : 'ADDED',
        object: object as unknown as JsonObject,
        ...(old && { previous: old as unknown as JsonObject }),
      }),
    );
    const metrics = createRuntimeMetrics();
    const logger = pino({ level: 'silent' });
    return startReflector({ transport, resource, store, clock, random: systemRandom, logger, metrics });
  });
  return async () => {
    await Promise.all(reflectors.map((reflector) => reflector.stop()));
  };
}
