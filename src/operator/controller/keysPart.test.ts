import { afterEach, expect, test } from 'vitest';
import { createApiServer } from '../../../dev/apiserver/apiServer.ts';
import { inProcessTransport } from '../../../dev/apiserver/transport/inProcessTransport.ts';
import { installCluster, stageClient } from '../../../dev/stack/install.ts';
import { monoMs } from '../../../test/support/base/moments.ts';
import { seededRandom } from '../../../test/support/base/seededRandom.ts';
import { silentLogger } from '../../../test/support/base/silentLogger.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import { type Cluster, joinCluster, type Platform } from '../../cluster/cluster.ts';
import { configSchema } from '../../config/config.ts';
import { createWorkqueue } from '../../controller/loop/workqueue.ts';
import { createRegistry, createRuntimeMetrics } from '../../controller/serve/metrics.ts';
import { createEc2Calls } from '../../ec2/client.ts';
import { KEY_KINDS, KEY_SECRETS } from '../../gateway/access/keys.ts';
import { ROTATE_KEYS } from '../../reconcilers/keys/keep.ts';
import { createKeysPart } from './keysPart.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A controller that leads, one that stands by and a gateway, each with keys of its own, on one API server. */
async function setUp() {
  const clock = createVirtualClock();
  const api = createApiServer({ clock, random: seededRandom(1) });
  const stage = stageClient(api, clock);
  await installCluster(stage);
  let seed = 1;
  async function join(what: 'kinds' | 'all'): Promise<{ platform: Platform; cluster: Cluster }> {
    const runtimeMetrics = createRuntimeMetrics();
    const platform: Platform = {
      config: configSchema.parse(
        Object.fromEntries(Object.keys(configSchema.shape).map((group) => [group, {}])),
      ),
      transport: inProcessTransport(api.handler, { clock }),
      clock,
      random: seededRandom(++seed),
      logger: silentLogger(),
      registry: createRegistry(),
      runtimeMetrics,
      createCalls: createEc2Calls,
      openQueue: () => Promise.reject(new Error('this cluster has no queue')),
    };
    const cluster = await joinCluster(platform, new AbortController().signal);
    if (!cluster) throw new Error('the API server is not there');
    cluster.watch(what);
    await clock.settle();
    await cluster.waitForSync(new AbortController().signal);
    stops.push(cluster.stop);
    return { platform, cluster };
  }
  async function control(held: boolean): Promise<Cluster> {
    const { platform, cluster } = await join('all');
    const workspaceQueue = createWorkqueue({ name: 'workspace', clock, metrics: platform.runtimeMetrics });
    const lease = { held: () => held, term: () => (held ? { id: 't', acquiredAt: monoMs(0) } : undefined) };
    const events = { record: () => undefined, stop: async () => undefined };
    const keys = createKeysPart(platform, cluster, { lease, events, workspaceQueue });
    keys.start();
    stops.push(() => keys.stop(0));
    return cluster;
  }
  const all = [await control(true), await control(false), (await join('kinds')).cluster] as const;
  const { namespace, name } = all[0].keySecret;
  return {
    clock,
    all,
    rotate: (value: string) =>
      stage.mergePatch(
        KEY_SECRETS,
        { namespace, name },
        { metadata: { annotations: { [ROTATE_KEYS]: value } } },
      ),
    remove: () => stage.delete(KEY_SECRETS, name, namespace),
    uid: () => stage.get(KEY_SECRETS, name, namespace).then(({ metadata }) => metadata.uid),
  };
}

const idsOf = ({ keys }: Cluster) => KEY_KINDS.map((kind) => keys.current(kind).id);

test('who starts first makes the keys, and all have the same', async () => {
  const { all } = await setUp();
  const [first, ...others] = all.map(idsOf);
  expect(others).toEqual([first, first]);
});

test('a rotation reaches every replica, gateways too, without a restart, and makes one key of each kind', async () => {
  const { clock, all, rotate } = await setUp();
  const before = idsOf(all[0]);
  await rotate('spring');
  await clock.advance(1_000);
  const [first, ...others] = all.map(idsOf);
  expect(others).toEqual([first, first]);
  for (const [index, kind] of KEY_KINDS.entries()) {
    expect(first?.[index]).toMatch(/^k2x/);
    for (const { keys } of all) expect(keys.get(kind, before[index] ?? '')).toBeDefined();
  }
  expect(all[0].keys.entries()).toHaveLength(6);
});

test('a deleted Secret is back at once, with the same keys', async () => {
  const { clock, all, rotate, remove, uid } = await setUp();
  await rotate('spring');
  await clock.advance(1_000);
  const [before, deleted] = [all.map(idsOf), await uid()];
  await remove();
  await clock.advance(1_000);
  expect(await uid()).not.toBe(deleted);
  expect(all.map(idsOf)).toEqual(before);
  for (const { keys } of all) expect(keys.entries()).toHaveLength(6);
});
