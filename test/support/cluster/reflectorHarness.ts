import { startReflector } from '../../../src/controller/cache/reflector.ts';
import type { Reflector, ReflectorOptions } from '../../../src/controller/cache/reflectorOptions.ts';
import { createStore, type StoreEvent } from '../../../src/controller/cache/store.ts';
import type { KubeObject, Resource } from '../../../src/controller/client/client.ts';
import type { KubeRequest } from '../../../src/controller/client/transport.ts';
import { createRuntimeMetrics } from '../../../src/controller/serve/metrics.ts';
import { seededRandom } from '../base/seededRandom.ts';
import { recordingLogger } from '../base/silentLogger.ts';
import { createVirtualClock } from '../base/virtualClock.ts';
import { createFakeKubeApi } from './fakeKubeApi.ts';

export interface Thing extends KubeObject {
  color?: unknown;
  data?: unknown;
}

const THINGS: Resource = { group: 'example.com', version: 'v1', plural: 'things', namespaced: true };
export const PATH = '/apis/example.com/v1/things';
export const isWatch = (request: KubeRequest) => request.query?.watch === 'true';
export const isList = (request: KubeRequest) => !isWatch(request);

const running: Reflector[] = [];
export async function stopReflectors(): Promise<void> {
  for (const reflector of running.splice(0)) await reflector.stop();
}

export function setup(options: Partial<ReflectorOptions<Thing>> = {}) {
  const clock = createVirtualClock();
  const api = createFakeKubeApi(clock);
  const store = createStore<Thing>();
  const { logger, lines } = recordingLogger();
  const events: StoreEvent<Thing>[] = [];
  store.onChange((event) => events.push(event));
  const names = () => store.keys().sort().join(' ');
  const start = () => {
    const common = { transport: api, resource: THINGS, store, clock, random: seededRandom(), logger };
    const reflector = startReflector<Thing>({ ...common, metrics: createRuntimeMetrics(), ...options });
    running.push(reflector);
    return reflector;
  };
  const put = (name: string, extra: object = {}) => api.put(PATH, { metadata: { name }, ...extra });
  const calls = (verb: string) => api.log.filter((line) => line.startsWith(verb)).length;
  return { clock, api, store, events, lines, names, start, put, calls };
}

/** Lives through `ms` as a server does that sends a bookmark every 30 s. */
export async function live(t: ReturnType<typeof setup>, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 30_000) {
    await t.clock.advance(Math.min(left, 30_000));
    t.api.bookmark();
  }
  await t.clock.settle();
}
