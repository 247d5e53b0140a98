import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { query } from '../../../dev/postgres/query.ts';
import { pollerToken } from '../../../dev/stack/poller.ts';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { liveInstancesOf, provisionsOf, sweeps, terminationsOf } from '../../scenarios/scene/counts.ts';
import { NAMESPACE } from '../../scenarios/scene/objects.ts';
import { until } from '../../scenarios/scene/until.ts';
import {
  createWorkspace,
  getWorkspace,
  putSecret,
  report,
  untilGone,
  untilReady,
} from '../../scenarios/scene/workspaces.ts';
import type { Values } from '../chart.ts';
import { describeOnNode, theBed } from './bed/bed.ts';
import { RELEASE } from './helm.ts';
import type { OlderRelease } from './image/older.ts';
import { createNodeScene, type NodeScene } from './scene.ts';
import { watchGateway } from './watchers/gateway.ts';
import { watchReports } from './watchers/reports.ts';
import { repeat, type Watcher, watched } from './watchers/watch.ts';

/** Seconds of the protocol in one. Agents are the shell's, so that those of the older release are. */
const SPEED = 5;
const HEARTBEAT_TIMEOUT_S = 60;
const NAMES = ['ada', 'bob', 'cy', 'dot', 'eve', 'fay'];
const LONGEST_WITHOUT_GATEWAY_MS = 5_000;
const AUDIENCE_OF_API = 'https://kubernetes.default.svc';

const schema = z.object({
  properties: z.object({ settings: z.object({ properties: z.record(z.string(), z.unknown()) }) }),
});

/** Today's values without the settings that the older chart refuses, for its image. */
async function valuesOf(older: OlderRelease, values: NodeScene['values']): Promise<Values> {
  const { properties } = schema.parse(
    JSON.parse(await readFile(join(older.chart, 'values.schema.json'), 'utf8')),
  );
  const known = properties.settings.properties;
  const settings = Object.entries(values.settings as Record<string, unknown>).filter(
    ([name]) => name in known,
  );
  return { ...values, image: { ...values.image, ...older.image }, settings: Object.fromEntries(settings) };
}

// Only with --since: `npm run test:install -- --since COMMIT`.
describeOnNode('an upgrade from an older commit’s chart and image', () => {
  let scene: NodeScene;
  let token: string;
  /** Whether the older release's pollers have tokens for the gateway already. */
  let isForGateway: boolean;
  let uids: string[] = [];
  let provisions = NAMES.length;
  let terminations = 0;
  beforeAll(async () => {
    const { older } = theBed();
    if (older === undefined) throw new Error('npm run test:install -- --since COMMIT');
    console.log(`from ${older.commit}`);
    scene = await createNodeScene(
      async ({ helm, values }) =>
        helm.apply('install', await valuesOf(older, values), { chart: older.chart }),
      { agents: 'shell', speed: SPEED },
    );
    for (const name of NAMES) await putSecret(scene, `${name}-env`, { KEY: 'a' });
    await Promise.all(NAMES.map((name) => createWorkspace(scene, name)));
    await Promise.all(NAMES.map((name) => untilReady(scene, name, 1)));
  });
  afterAll(() => scene?.close());

  /** Of each Workspace's newest launch, the age of the oldest last heartbeat, s. */
  async function oldestHeartbeat(): Promise<number> {
    const [row] = await query(
      scene.stack.databaseURL,
      `SELECT max(extract(epoch FROM now() - last_heartbeat_at))::float8 AS age
       FROM workspace_launch l
       WHERE uid = ANY($1) AND number = (SELECT max(number) FROM workspace_launch WHERE uid = l.uid)`,
      [uids],
    );
    return Number(row?.age);
  }

  /** Sees the greatest of those ages, s. */
  function watchHeartbeats(): Watcher<number> {
    let oldest = 0;
    const look = async () => {
      oldest = Math.max(oldest, await oldestHeartbeat());
    };
    return { end: repeat(look, 250), seen: () => oldest };
  }

  const watchAda = () => watchReports(scene, { namespace: NAMESPACE, name: 'ada' }, token);

  /** Nothing is provisioned or ended; instances find a gateway, and their heartbeats arrive, all the time. */
  async function unnoticed(change: () => Promise<unknown>): Promise<Record<number, number>> {
    const present = await Promise.all(NAMES.map((name) => getWorkspace(scene, name)));
    uids = present.map(({ metadata }) => metadata.uid);
    const watchers = { gateway: watchGateway(scene), oldest: watchHeartbeats(), statuses: watchAda() };
    const { gateway, oldest, statuses } = await watched(watchers, async () => {
      await change();
      await sweeps(scene, 6);
    });
    console.log(
      `without a gateway ${Math.round(gateway)} ms; oldest heartbeat ${oldest.toFixed(1)} s; reports ${JSON.stringify(statuses)}`,
    );
    expect(gateway).toBeLessThan(LONGEST_WITHOUT_GATEWAY_MS);
    expect(oldest).toBeGreaterThan(0);
    expect(oldest).toBeLessThan(HEARTBEAT_TIMEOUT_S / SPEED);
    expectDone();
    await Promise.all(NAMES.map((name) => untilReady(scene, name)));
    return statuses;
  }

  function expectDone(): void {
    expect(scene.stack.ec2.counters.provisions()).toHaveLength(provisions);
    expect(scene.stack.ec2.counters.terminations()).toHaveLength(terminations);
  }

  async function oneChangeIsOneProvision(name: string, value: string): Promise<void> {
    const before = provisionsOf(scene, name).length;
    await putSecret(scene, `${name}-env`, { KEY: value });
    await untilReady(scene, name, before + 1);
    await sweeps(scene, 4);
    expect(provisionsOf(scene, name)).toHaveLength(before + 1);
    expect(liveInstancesOf(scene, name)).toHaveLength(1);
    provisions += 1;
    terminations += 1;
    expectDone();
  }

  test('begins with gateways that hear the older release’s pollers', async () => {
    const { older } = theBed();
    const described = JSON.stringify(await readFile(join(older?.chart ?? '', 'values.schema.json'), 'utf8'));
    isForGateway = described.includes('several are separated by commas');
    token = await pollerToken(scene.connection.kube, isForGateway ? undefined : []);
    const { statuses } = await watched({ statuses: watchAda() }, () => sweeps(scene, 3));
    expect(Object.keys(statuses)).toEqual(['202']);
  });

  test('provisions and ends nothing, and older pollers are heard where both audiences are taken', async () => {
    const settings = {
      ...(scene.values.settings as Record<string, unknown>),
      WORKSPACE_GATEWAY_CALLER_AUDIENCE: `workspace-gateway,${AUDIENCE_OF_API}`,
    };
    const statuses = await unnoticed(() => scene.helm.apply('upgrade', { ...scene.values, settings }));
    // One that found no gateway for a moment is counted by the gap above.
    expect(Object.keys(statuses).filter((status) => status !== '0')).toEqual(['202']);
    expect(await report(scene, 'ada')).toBe(202);
  });

  test('goes on with the same Workspaces: each change is one provision, a deletion one end', async () => {
    await oneChangeIsOneProvision('ada', 'b');
    await scene.kube.delete(WORKSPACES, 'fay', NAMESPACE);
    await untilGone(scene, 'fay');
    NAMES.splice(NAMES.indexOf('fay'), 1);
    expect(terminationsOf(scene, 'fay')).toHaveLength(1);
    terminations += 1;
    expectDone();
  });

  test('is rolled back as quietly, with launches of both releases', async () => {
    const statuses = await unnoticed(() =>
      scene.helm.run('rollback', RELEASE, '1', '--wait', '--timeout', '300s'),
    );
    expect(statuses).not.toHaveProperty('401');
    expect(await report(scene, 'ada')).toBe(isForGateway ? 202 : 401);
    await oneChangeIsOneProvision('bob', 'b');
    await oneChangeIsOneProvision('ada', 'c');
  });

  test('is repeated as quietly; by default only tokens for the gateway are taken then', async () => {
    const statuses = await unnoticed(() => scene.helm.apply('upgrade', scene.values));
    if (!isForGateway) expect(statuses).toHaveProperty('401');
    await oneChangeIsOneProvision('cy', 'b');
    await until('pollers with a token for it are heard', async () => (await report(scene, 'bob')) === 202);
  });
});
