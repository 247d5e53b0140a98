import { describe, expect, test } from 'vitest';
import { play } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const COUNT = 10;
/** Longer than any timeout of class and protocol. */
const PAST_ALL_MS = 5 * MINUTE;
/** Within which a mistake would show. */
const SETTLE_MS = 3 * MINUTE;

/** A class `standard` that hears of silence early, of which ten Workspaces are Ready. */
function watched(course: (world: World) => Promise<void>): Promise<void> {
  const standard = {
    heartbeat: { periodSeconds: 10, timeoutSeconds: 30 },
    repair: { afterSeconds: 30 },
    rollout: { minIntervalSeconds: 10 },
    startupTimeoutSeconds: 86_400,
  };
  return play({ standard }, async (world) => {
    await world.createFleet(COUNT);
    await world.pass(MINUTE);
    await course(world);
  });
}

/** What no outage may change: each Workspace's version, and what was provisioned and terminated, by the cloud's own books. */
function snapshot(world: World) {
  return {
    versions: world.versions(),
    provisions: world.provisions().length,
    terminations: world.terminations().length,
  };
}

const alert = (world: World, reason: string) =>
  world.leader().metric('workspace_class_evidence_missing', { class: 'standard', reason });

const untilClass = (world: World, type: string, reason: string) =>
  world.until(
    `the class says ${type}: ${reason}`,
    () => world.classCondition('standard', type)?.reason === reason,
  );

const failing = (world: World) =>
  (world.klass('standard').status?.conditions ?? [])
    .filter(({ type, status }) => type !== 'Ready' && status !== 'True')
    .map(({ type }) => type);

interface Outage {
  what: string;
  /** @returns how to bring it back */
  begin(world: World): () => Promise<void>;
  type: string;
  reason: string;
}

const OUTAGES: Outage[] = [
  {
    what: 'the database',
    begin: (world) => world.cut('database'),
    type: 'EvidenceAvailable',
    reason: 'DatabaseUnavailable',
  },
  {
    what: 'every gateway',
    begin: (world) => world.cut('gateway'),
    type: 'EvidenceAvailable',
    reason: 'GatewayUnavailable',
  },
  {
    what: 'EC2',
    begin: (world) => world.cut('cloud'),
    type: 'CloudAvailable',
    reason: 'CloudUnavailable',
  },
  {
    what: 'three of ten agents, at once',
    begin(world) {
      const silence = (on: boolean) => {
        for (const name of ['ws-0', 'ws-1', 'ws-2']) world.silence(name, on);
      };
      silence(true);
      return async () => silence(false);
    },
    type: 'EvidenceAvailable',
    reason: 'MassSilence',
  },
];

/**
 * Nothing is provisioned, terminated or written on any Workspace in an outage and after it; what is missing is said once,
 * by the class, while it is.
 */
async function expectStatic(world: World, { begin, type, reason }: Outage): Promise<void> {
  const before = snapshot(world);
  const back = begin(world);
  await untilClass(world, type, reason);
  expect(await alert(world, reason)).toBe(1);
  await world.pass(PAST_ALL_MS);
  expect(failing(world)).toEqual([type]);
  expect(snapshot(world)).toEqual(before);
  await back();
  await untilClass(world, type, 'Available');
  expect(await alert(world, reason)).toBe(0);
  await world.pass(SETTLE_MS);
  expect(snapshot(world)).toEqual(before);
}

/** Without the API server the lease is lost, nothing is done, and the lease is taken again. */
async function expectStandby(world: World): Promise<void> {
  const before = snapshot(world);
  const leader = world.leader();
  const led = leader.said('became leader');
  const back = world.cut('cluster');
  await world.until('it stands by', () => leader.said('stopped leading') === led);
  await world.pass(PAST_ALL_MS);
  expect(snapshot(world)).toEqual(before);
  await back();
  await world.until('it leads again', () => leader.said('became leader') === led + 1);
  await world.pass(SETTLE_MS);
  expect(snapshot(world)).toEqual(before);
}

async function expectLostContent(world: World): Promise<void> {
  const before = snapshot(world);
  world.scene.store.empty();
  await world.pass(PAST_ALL_MS);
  expect(snapshot(world)).toEqual(before);
  expect(failing(world)).toEqual([]);
}

describe('what the operator judges by is away for longer than any timeout', () => {
  test.each(OUTAGES)('$what', (outage) => watched((world) => expectStatic(world, outage)));

  test('the API server: the lease is lost, a standby does nothing, and it leads again', () =>
    watched(expectStandby));

  test('the database’s content: its tables come back empty', () => watched(expectLostContent));

  test('each of them, one after the other', () =>
    watched(async (world) => {
      for (const outage of OUTAGES) await expectStatic(world, outage);
      await expectStandby(world);
      await expectLostContent(world);
      for (const outage of OUTAGES.slice(0, 1)) await expectStatic(world, outage);
      expect(snapshot(world)).toMatchObject({ provisions: COUNT, terminations: 0 });
    }));
});

describe('what is proven of one Workspace is carried out for that one, once', () => {
  test('an instance that EC2 proves ended while the database is away is replaced', () =>
    watched(async (world) => {
      const before = snapshot(world);
      const back = world.cut('database');
      await untilClass(world, 'EvidenceAvailable', 'DatabaseUnavailable');
      const [ended = ''] = world.live('ws-4');
      world.faults.end(ended);
      await world.until('its end is on record', () => world.workspace('ws-4').status?.launch?.number === 2);
      await world.pass(PAST_ALL_MS);
      await back();
      const after = await world.untilReady('ws-4', 2);
      await world.pass(SETTLE_MS);
      expect(after.status?.launch?.cause).toEqual({ kind: 'Ended', ref: '1' });
      expect(world.provisions('ws-4')).toHaveLength(2);
      const { versions, provisions, terminations } = snapshot(world);
      expect(provisions).toBe(before.provisions + 1);
      expect(terminations).toBe(before.terminations);
      const others = (all: readonly string[]) => all.filter((version) => !version.includes('/ws-4@'));
      expect(others(versions)).toEqual(others(before.versions));
      expect(others(versions)).toHaveLength(COUNT - 1);
    }));

  test('one agent that alone is silent is replaced, for that', () =>
    watched(async (world) => {
      const before = snapshot(world);
      const [silent = ''] = world.live('ws-5');
      world.silence(silent, true);
      await world.until('it is said', () => world.condition('ws-5', 'Ready')?.reason === 'HeartbeatLost');
      expect(world.workspace('ws-5').status?.launch?.number).toBe(1);
      const after = await world.untilReady('ws-5', 2);
      expect(after.status?.launch?.cause).toEqual({ kind: 'HeartbeatLost', ref: '1' });
      expect(after.status?.history?.[0]).toMatchObject({ number: 1, outcome: 'HeartbeatLost' });
      await world.pass(PAST_ALL_MS);
      expect(world.live('ws-5')).toEqual([after.status?.launch?.instanceID]);
      expect(world.provisions()).toHaveLength(before.provisions + 1);
      expect(world.terminations()).toHaveLength(before.terminations + 1);
      expect(world.workspace('ws-5').status?.provisions).toBe(2);
    }));

  test('one whose status checks fail stays while it heartbeats; silent as well, it is replaced for both', () =>
    watched(async (world) => {
      const [impaired = ''] = world.live('ws-6');
      world.faults.impair(impaired, 'instance');
      await world.until('it is shown', () =>
        world.workspace('ws-6').status?.conditions?.some(({ reason }) => reason === 'Impaired'),
      );
      await world.pass(PAST_ALL_MS);
      expect(world.live('ws-6')).toEqual([impaired]);
      world.silence(impaired, true);
      const after = await world.untilReady('ws-6', 2);
      expect(after.status?.launch?.cause).toEqual({ kind: 'Impaired', ref: '1' });
      expect(world.provisions('ws-6')).toHaveLength(2);
    }));
});
