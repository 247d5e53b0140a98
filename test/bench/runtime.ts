import { startApiServer } from '../../dev/apiserver/server.ts';
import type { KubeObject, Resource } from '../../src/controller/client.ts';
import { systemClock as clock } from '../../src/controller/clock.ts';
import { createController } from '../../src/controller/controller.ts';
import { KubeConfig } from '../../src/controller/credentials.ts';
import { kubeTransport } from '../../src/controller/httpTransport.ts';
import { kubeClient } from '../../src/controller/kubeClient.ts';
import { createRuntimeMetrics } from '../../src/controller/metrics.ts';
import { systemRandom as random } from '../../src/controller/random.ts';
import { startReflector } from '../../src/controller/reflector.ts';
import { createStore, objectKey } from '../../src/controller/store.ts';
import { createWorkqueue } from '../../src/controller/workqueue.ts';
import { silentLogger } from '../support/silentLogger.ts';

// The whole runtime against the embedded API server over HTTPS, both in this process: what a write costs the client is
// what is left of the process's CPU beside the server's, so the figures are upper bounds.
const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', namespaced: true };
const OBJECTS = Number(process.argv[2] ?? 1_000);
const WORKERS = 8;

const server = await startApiServer({ clock, random });
const metrics = createRuntimeMetrics();
const loadKubeConfig = () => {
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig);
  return config;
};
const transport = kubeTransport({ clock, metrics, loadKubeConfig });
const client = kubeClient(transport, { clock });

async function measured<T>(what: string, count: number, work: () => Promise<T>): Promise<T> {
  const startedAt = clock.monotonic();
  const cpu = process.cpuUsage();
  const result = await work();
  const seconds = (clock.monotonic() - startedAt) / 1000;
  const used = process.cpuUsage(cpu);
  const cpuMs = (used.user + used.system) / 1000 / count;
  console.log(
    `${what}: ${(count / seconds).toFixed(0)}/s, ${cpuMs.toFixed(2)} ms of CPU each, ${seconds.toFixed(1)} s`,
  );
  return result;
}

const data = { padding: 'x'.repeat(2_000) };
await measured(`create ${OBJECTS} objects of 2 kB, one after the other`, OBJECTS, async () => {
  for (let i = 0; i < OBJECTS; i++) {
    await client.create(CONFIG_MAPS, { metadata: { name: `bench-${i}` }, data }, 'default');
  }
});

const logger = silentLogger();
const store = createStore<KubeObject>();
const queue = createWorkqueue({ name: 'bench', clock, metrics });
store.onChange(({ object }) => queue.add(objectKey(object)));
const reflector = await measured('list and cache them', OBJECTS, async () => {
  const started = startReflector({
    transport,
    resource: CONFIG_MAPS,
    store,
    clock,
    random,
    logger,
    metrics,
    namespace: 'default',
  });
  await started.waitForSync();
  return started;
});

let seen = 0;
let finish: () => void = () => undefined;
const finished = new Promise<void>((resolve) => {
  finish = resolve;
});
const controller = createController({
  name: 'bench',
  workers: WORKERS,
  queue,
  clock,
  random,
  logger,
  metrics,
  reconcile: async (key, { signal }) => {
    const object = store.get(key);
    if (!object || object.metadata.annotations?.seen) return undefined;
    const { name, namespace, resourceVersion } = object.metadata;
    const patch = { metadata: { resourceVersion, annotations: { seen: 'yes' } } };
    store.applyWrite(await client.mergePatch(CONFIG_MAPS, { name, namespace }, patch, { signal }));
    if (++seen === store.size()) finish();
    return undefined;
  },
});
await measured(`one write each, ${WORKERS} workers`, store.size(), async () => {
  controller.start();
  await finished;
});
await controller.stop();
await reflector.stop();
await transport.close();
await server.stop();
console.log(`resident: ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB, the server's state included`);
