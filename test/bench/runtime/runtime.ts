import { fork } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import type { Workspace } from '../../../src/api/kinds/workspace.ts';
import { createStore, objectKey } from '../../../src/controller/cache/store.ts';
import { systemClock as clock } from '../../../src/controller/lib/clock.ts';
import { systemRandom as random } from '../../../src/controller/lib/random.ts';
import { createController } from '../../../src/controller/loop/controller.ts';
import { createWorkqueue } from '../../../src/controller/loop/workqueue.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { silentLogger } from '../../support/base/silentLogger.ts';
import { startEmbedded, startReal } from '../apiServer/apiServer.ts';
import { connect, metrics, watchObjects } from '../apiServer/connection.ts';
import { createObjects, install, NAMESPACE, nameOf } from '../apiServer/objects.ts';
import { measureFailover } from './failover.ts';

// The runtime against an API server in a process of its own: the embedded one, or with --real kube-apiserver and etcd.
const [written = 2_000, cached = 10_000] = process.argv
  .slice(2)
  .filter((it) => /^\d+$/.test(it))
  .map(Number);
const WORKERS = 8;
const CHANGES = 500;

const server = await (process.argv.includes('--real') ? startReal() : startEmbedded());
const connection = connect(server.access);
const { client } = connection;
console.log(server.what);

async function measured(what: string, count: number, work: () => Promise<unknown>): Promise<void> {
  const before = await server.cpuSeconds();
  const startedAt = clock.monotonic();
  const cpu = process.cpuUsage();
  await work();
  const seconds = (clock.monotonic() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const after = await server.cpuSeconds();
  const own = `${((user + system) / 1000 / count).toFixed(2)} ms of CPU each`;
  const theirs =
    before === undefined || after === undefined
      ? ''
      : `, and ${(((after - before) * 1000) / count).toFixed(2)} ms of the server's`;
  console.log(`${what}: ${(count / seconds).toFixed(0)}/s, ${own}${theirs}; ${seconds.toFixed(1)} s`);
}

function spread(milliseconds: number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2);
  return `${at(0.5)} ms in the median, ${at(0.99)} ms at the 99th percentile`;
}

await install(connection);
await measured(`create ${written} Workspaces of 2 kB, 16 at once`, written, () =>
  createObjects(client, 0, written),
);

const store = createStore<Workspace>();
const queue = createWorkqueue({ name: 'bench', clock, metrics });
store.onChange(({ object }) => queue.add(objectKey(object)));
const reflector = watchObjects(connection, store);
await measured('list and cache them', written, () => reflector.waitForSync());

let seen = 0;
let finish: () => void = () => undefined;
const finished = new Promise<void>((resolve) => {
  finish = resolve;
});
/** When the object that is changed now was looked at, and when its status was answered. */
let looked: ((at: number) => void) | undefined;
let answered: ((at: number) => void) | undefined;
const controller = createController({
  name: 'bench',
  workers: WORKERS,
  queue,
  clock,
  random,
  logger: silentLogger(),
  metrics,
  reconcile: async (key, { signal }) => {
    const object = store.get(key);
    if (!object || object.status?.observedGeneration === object.metadata.generation) return undefined;
    looked?.(clock.monotonic());
    const { name, namespace, resourceVersion, generation } = object.metadata;
    const patch = { metadata: { resourceVersion }, status: { observedGeneration: generation } };
    const target = { name, namespace, subresource: 'status' } as const;
    store.applyWrite(await client.mergePatch(WORKSPACES, target, patch, { signal }));
    answered?.(clock.monotonic());
    if (++seen === written) finish();
    return undefined;
  },
});
await measured(`a status write each, ${WORKERS} workers`, written, async () => {
  controller.start();
  await finished;
});

const toLook: number[] = [];
const toAnswer: number[] = [];
const other = connect(server.access);
for (let index = 0; index < CHANGES; index++) {
  const look = new Promise<number>((resolve) => {
    looked = resolve;
  });
  const answer = new Promise<number>((resolve) => {
    answered = resolve;
  });
  const target = { name: nameOf(index % written), namespace: NAMESPACE };
  await other.client.mergePatch(WORKSPACES, target, { spec: { requests: { restart: `${index}` } } });
  const changedAt = clock.monotonic();
  toLook.push(Math.max(0, (await look) - changedAt));
  toAnswer.push(Math.max(0, (await answer) - changedAt));
}
console.log(`from a change's answer to its reconcile: ${spread(toLook)}`);
console.log(`and to its status answered: ${spread(toAnswer)}`);
await other.close();
await controller.stop();
await reflector.stop();

await createObjects(client, written, cached);
const cache = fork(join(import.meta.dirname, 'cacheProcess.ts'));
const report = new Promise<unknown>((resolve) => cache.once('message', resolve));
cache.send(server.access);
const held = z
  .object({ objects: z.int(), seconds: z.number(), cpuSeconds: z.number(), megabytes: z.number() })
  .parse(await report);
console.log(
  `${held.objects} objects of 2 kB cached by a new process: ${held.seconds.toFixed(1)} s, ${held.cpuSeconds.toFixed(1)} s of CPU with its start, ${held.megabytes.toFixed(0)} MB resident`,
);

console.log(
  `another leads ${(await measureFailover(server.access)).toFixed(1)} s after a leader was cut off`,
);
await connection.close();
await server.stop();
