import { createNamespacedStore } from '../../../src/controller/cache/namespacedStore.ts';
import { startReflector } from '../../../src/controller/cache/reflector.ts';
import type { KubeObject, Resource } from '../../../src/controller/client/client.ts';
import { ACCEPT_METADATA, resourcePath } from '../../../src/controller/client/kubeClient.ts';
import { systemClock as clock } from '../../../src/controller/lib/clock.ts';
import { systemRandom as random } from '../../../src/controller/lib/random.ts';
import { silentLogger } from '../../support/base/silentLogger.ts';
import { startReal } from './apiServer.ts';
import { connect, metrics } from './connection.ts';

// What it costs to see changes of Secrets: by a list and a watch in each namespace, or by asking for each one by name.
const [count = 10_000, spaces = 10, at_once = 16] = process.argv.slice(2).map(Number);
const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', namespaced: true };
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', namespaced: false };

const server = await startReal();
const connection = connect(server.access);
const namespaceOf = (index: number) => `team-${index % spaces}`;

async function each(work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: at_once }, worker));
}

/** CPU seconds of this process and of API server and etcd meanwhile. */
async function cost(what: string, work: () => Promise<unknown>): Promise<void> {
  const before = process.cpuUsage();
  const serverBefore = (await server.cpuSeconds()) ?? 0;
  const startedAt = clock.monotonic();
  await work();
  const { user, system } = process.cpuUsage(before);
  const own = (user + system) / 1e6;
  const theirs = ((await server.cpuSeconds()) ?? 0) - serverBefore;
  const seconds = (clock.monotonic() - startedAt) / 1_000;
  console.log(
    `${what}: ${own.toFixed(2)} CPU s here, ${theirs.toFixed(2)} CPU s in API server and etcd, in ${seconds.toFixed(0)} s`,
  );
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

try {
  for (let index = 0; index < spaces; index += 1) {
    const metadata = { name: namespaceOf(index) };
    await connection.client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata });
  }
  const data = { KEY: Buffer.alloc(2_000, 'x').toString('base64') };
  await cost(`making ${count} Secrets`, () =>
    each((index) => {
      const metadata = { name: `secret-${index}` };
      const body = { apiVersion: 'v1', kind: 'Secret', metadata, data };
      return connection.client.create(SECRETS, body, namespaceOf(index));
    }),
  );
  await cost('nothing for a minute', () => pause(60_000));
  const names = Array.from({ length: spaces }, (_, index) => namespaceOf(index));
  const { parts, store } = createNamespacedStore<KubeObject>(names);
  const common = { transport: connection, clock, random, metrics, logger: silentLogger() };
  const reflectors = [...parts].map(
    ([namespace, part]) =>
      () =>
        startReflector({ ...common, resource: SECRETS, metadataOnly: true, namespace, store: part }),
  );
  let running: ReturnType<(typeof reflectors)[number]>[] = [];
  await cost(`listing them in ${spaces} namespaces`, async () => {
    running = reflectors.map((start) => start());
    await Promise.all(running.map((reflector) => reflector.waitForSync()));
  });
  console.log(`${store.size()} are cached`);
  await cost('watching them for a minute', () => pause(60_000));
  await Promise.all(running.map((reflector) => reflector.stop()));
  await cost(`asking once for the metadata of each of ${count} by name`, () =>
    each((index) =>
      connection.request({
        method: 'GET',
        path: resourcePath(SECRETS, { namespace: namespaceOf(index), name: `secret-${index}` }),
        accept: ACCEPT_METADATA,
      }),
    ),
  );
} finally {
  await connection.close();
  await server.stop();
}
