import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getWorkspace, liveInstancesOf, provisionsOf, untilReady, untilWorkspace } from './harness.ts';
import {
  classConditions,
  createOutages,
  emptyDatabase,
  expectStandby,
  expectStatic,
  type Outages,
  snapshot,
  untilClass,
} from './outages.ts';

const COUNT = 10;
/** A class in seconds as they are: agents keep to them. From the last heartbeat its timeout, and as long again until a replacement. */
const HEARTBEAT = { periodSeconds: 1, timeoutSeconds: 4 };
const TIMEOUT_MS = 4_000;
const PAST_ALL_MS = 2 * TIMEOUT_MS + 3_000;
const LEASE = {
  WORKSPACE_CONTROLLER_LEASE_DURATION_MS: '2000',
  WORKSPACE_CONTROLLER_LEASE_RENEW_DEADLINE_MS: '1500',
  WORKSPACE_CONTROLLER_LEASE_RETRY_PERIOD_MS: '300',
};

// One scene for all: what an outage leaves behind would show in the next one.
describe('what the operator judges by is away for longer than any timeout', () => {
  let outages: Outages;
  beforeAll(async () => {
    outages = await createOutages({
      count: COUNT,
      spec: {
        heartbeat: HEARTBEAT,
        repair: { afterSeconds: 2 },
        rollout: { minIntervalSeconds: 3 },
        startupTimeoutSeconds: 86_400,
      },
      env: { ...LEASE, WORKSPACE_TIMING_SECOND_MS: '1000' },
    });
  });
  afterAll(() => outages.close());

  const times = { awayMs: PAST_ALL_MS, settleMs: TIMEOUT_MS };

  test('Postgres', async () => {
    const { database } = outages.doors;
    await expectStatic(outages, times, database.shut, database.open, [
      'EvidenceAvailable',
      'DatabaseUnavailable',
    ]);
  });

  test('every gateway', async () => {
    await expectStatic(
      outages,
      times,
      async () => void (await outages.gateway().end('SIGKILL')),
      outages.startGateway,
      ['EvidenceAvailable', 'GatewayUnavailable'],
    );
  });

  test('EC2', async () => {
    const { cloud } = outages.doors;
    await expectStatic(outages, times, cloud.shut, cloud.open, ['CloudAvailable', 'CloudUnavailable']);
  });

  test('three of ten agents, at once', async () => {
    const silence = (on: boolean) => {
      for (const name of outages.names.slice(0, 3)) outages.scene.stack.agents.silence(`default/${name}`, on);
      return Promise.resolve();
    };
    await expectStatic(
      outages,
      times,
      () => silence(true),
      () => silence(false),
      ['EvidenceAvailable', 'MassSilence'],
    );
  });

  test('the API server: the lease is lost, a standby does nothing, and it leads again', async () => {
    await expectStandby(outages, times);
  });

  test('Postgres’ content: its tables come back empty', async () => {
    const before = await snapshot(outages);
    await emptyDatabase(outages.scene.stack.databaseURL);
    await wait(PAST_ALL_MS);
    expect(await snapshot(outages)).toEqual(before);
    const conditions = await classConditions(outages.scene);
    expect(conditions.filter((it) => it.status !== 'True')).toEqual([]);
  });

  test('an instance that EC2 proves ended while Postgres is away is replaced, exactly once', async () => {
    const { doors, scene } = outages;
    const before = await snapshot(outages);
    await doors.database.shut();
    await untilClass(scene, 'EvidenceAvailable', 'DatabaseUnavailable');
    const [ended = ''] = liveInstancesOf(scene, 'ws-4');
    scene.stack.ec2.faults.end(ended);
    await untilWorkspace(scene, 'ws-4', 'its end is on record', (it) => it.status?.launch?.number === 2);
    await wait(PAST_ALL_MS);
    await doors.database.open();
    const after = await untilReady(scene, 'ws-4', 2);
    await wait(TIMEOUT_MS);
    expect(after.status?.launch?.cause).toEqual({ kind: 'Ended', ref: '1' });
    expect(provisionsOf(scene, 'ws-4')).toHaveLength(2);
    const { versions, provisions, terminations } = await snapshot(outages);
    expect(provisions).toBe(before.provisions + 1);
    expect(terminations).toBe(before.terminations);
    const others = (all: string[]) => all.filter((version) => !version.startsWith('ws-4@'));
    expect(others(versions)).toEqual(others(before.versions));
  });

  test('but one agent that is silent by itself is replaced, once, for that', async () => {
    const { scene } = outages;
    const before = await snapshot(outages);
    const [silent] = liveInstancesOf(scene, 'ws-5');
    scene.stack.agents.silence(silent ?? '', true);
    const told = await untilWorkspace(scene, 'ws-5', 'it is said', (it) =>
      (it.status?.conditions ?? []).some(
        ({ type, reason }) => type === 'Ready' && reason === 'HeartbeatLost',
      ),
    );
    expect(told.status?.launch?.number).toBe(1);
    const after = await untilReady(scene, 'ws-5', 2);
    expect(after.status?.launch?.cause).toEqual({ kind: 'HeartbeatLost', ref: '1' });
    expect(after.status?.history?.[0]).toMatchObject({ number: 1, outcome: 'HeartbeatLost' });
    await wait(PAST_ALL_MS);
    expect(liveInstancesOf(scene, 'ws-5')).toEqual([after.status?.launch?.instanceID]);
    const { provisions, terminations } = await snapshot(outages);
    expect({ provisions, terminations }).toEqual({
      provisions: before.provisions + 1,
      terminations: before.terminations + 1,
    });
    expect((await getWorkspace(scene, 'ws-5')).status?.provisions).toBe(2);
  });

  test('and one whose status checks fail stays while it heartbeats; silent as well, it is replaced for both', async () => {
    const { scene } = outages;
    const [impaired = ''] = liveInstancesOf(scene, 'ws-6');
    scene.stack.ec2.faults.impair(impaired, 'instance');
    await untilWorkspace(scene, 'ws-6', 'it is shown', (it) =>
      (it.status?.conditions ?? []).some(({ reason }) => reason === 'Impaired'),
    );
    await wait(PAST_ALL_MS);
    expect(liveInstancesOf(scene, 'ws-6')).toEqual([impaired]);
    scene.stack.agents.silence(impaired, true);
    const after = await untilReady(scene, 'ws-6', 2);
    expect(after.status?.launch?.cause).toEqual({ kind: 'Impaired', ref: '1' });
    expect(provisionsOf(scene, 'ws-6')).toHaveLength(2);
  });
});
