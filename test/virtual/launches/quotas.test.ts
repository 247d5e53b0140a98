import { describe, expect } from 'vitest';
import type { ClassSpec } from '../driver/people.ts';
import { story } from '../driver/story.ts';
import { HOUR, MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const SPOT_FIRST: ClassSpec = { capacityTypes: ['Spot', 'OnDemand'], stopBehavior: 'Terminate' };
/** Two families with quotas of their own. */
const TWO_FAMILIES = { instanceTypes: [{ name: 'm7i.large' }, { name: 'x2iedn.xlarge' }] };

/** How often EC2 refused a real launch with this code so far. */
function refusals(world: World, code: string): number {
  return world.scene.service.cloud.ledger.count('RunInstances', { outcome: code });
}

function types(world: World): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of world.live()) {
    const it = world.instances().find((instance) => instance.id === id);
    const key = `${it?.type} ${it?.spot ? 'Spot' : 'OnDemand'}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/** One after the other, so that each knows what the one before was refused; they share a Secret. */
async function fleet(world: World, count: number): Promise<readonly string[]> {
  await world.putSecret('shared-env', { KEY: 'a' });
  const names = Array.from({ length: count }, (_, index) => `ws-${index}`);
  for (const name of names) {
    await world.createWorkspace(name, world.from('shared-env'));
    await world.untilReady(name);
  }
  return names;
}

/** @returns how to lift that law */
function neverDown(world: World, ...names: readonly string[]): () => void {
  return world.always('what serves goes on serving', () => {
    const down = world.down().filter((name) => names.includes(name));
    return down.length === 0 || `${down} are down`;
  });
}

describe('a quota that is full is one bucket’s', () => {
  story(
    'Spot’s is full, On-Demand is listed: one refused try in all zones and of all types, then On-Demand; status says so',
    { standard: SPOT_FIRST },
    async (world) => {
      world.quota({ spotVcpus: 0 });
      await fleet(world, 1);
      expect(types(world)).toEqual({ 'm7i.large OnDemand': 1 });
      expect(refusals(world, 'MaxSpotInstanceCountExceeded')).toBe(1);
      expect(world.condition('ws-0', 'Ready')?.message).toContain('MaxSpotInstanceCountExceeded');
      expect(world.workspace('ws-0').status?.launch?.fallback).toMatchObject({
        from: 'Spot',
        code: 'MaxSpotInstanceCountExceeded',
      });
      expect(world.events('ws-0').map(({ reason }) => reason)).toContain('CapacityFallback');
    },
  );

  story(
    'one that serves on On-Demand while Spot’s is full, and gets one Secret change: replaced once, on On-Demand',
    { standard: SPOT_FIRST },
    async (world) => {
      world.quota({ spotVcpus: 0 });
      await fleet(world, 1);
      await world.putSecret('shared-env', { KEY: 'b' });
      await world.until('it has the change', () => world.environment('ws-0')?.KEY === 'b');
      await world.untilReady('ws-0');
      expect(world.provisions()).toHaveLength(2);
      expect(types(world)).toEqual({ 'm7i.large OnDemand': 1 });
    },
  );

  story(
    'one family’s is full, another family is listed: the other is launched',
    { standard: TWO_FAMILIES },
    async (world) => {
      world.quota({ buckets: { 'OnDemand/Standard': 4 } });
      await fleet(world, 4);
      expect(types(world)).toEqual({ 'm7i.large OnDemand': 2, 'x2iedn.xlarge OnDemand': 2 });
      expect(refusals(world, 'VcpuLimitExceeded')).toBeLessThanOrEqual(2);
    },
  );

  story(
    'it has room for a smaller type: that one is launched',
    { standard: { instanceTypes: [{ name: 'm7i.2xlarge' }, { name: 'm7i.xlarge' }, { name: 'm6i.large' }] } },
    async (world) => {
      world.quota({ vcpus: 2 });
      await fleet(world, 1);
      expect(types(world)).toEqual({ 'm6i.large OnDemand': 1 });
      expect(refusals(world, 'VcpuLimitExceeded')).toBe(2);
    },
  );
});

describe('all quotas are full', () => {
  story(
    'what serves and gets a change stays, however long; then, with room, each changes once',
    { standard: { ...SPOT_FIRST, rollout: { maxUnavailable: '2' } } },
    async (world) => {
      world.quota({ spotVcpus: 0 });
      const names = await fleet(world, 4);
      world.quota({ spotVcpus: 0, vcpus: 0 });
      await world.createWorkspace('late', world.from('shared-env'));
      await world.until('it is said', () => world.condition('late', 'Ready')?.reason === 'QuotaExceeded');
      const stays = neverDown(world, ...names);
      await world.putSecret('shared-env', { KEY: 'b' });
      await world.pass(90 * MINUTE);
      expect(world.provisions()).toHaveLength(4);
      for (const name of names)
        expect(world.condition(name, 'UpToDate')).toMatchObject({ status: 'False', reason: 'QuotaExceeded' });
      for (const name of names) expect(world.condition(name, 'Ready')?.status).toBe('True');
      // Growing from half a minute to a quarter of an hour, one try a bucket.
      expect(refusals(world, 'VcpuLimitExceeded')).toBeLessThanOrEqual(12);
      expect(refusals(world, 'MaxSpotInstanceCountExceeded')).toBeLessThanOrEqual(14);
      stays();
      world.quota({ vcpus: 100 });
      await world.until('all have the change', () =>
        names.every((name) => world.environment(name)?.KEY === 'b'),
      );
      for (const name of [...names, 'late']) await world.untilReady(name);
      expect(world.provisions()).toHaveLength(4 + 4 + 1);
    },
  );

  story('a quota that is raised later lets all come, each once', { standard: SPOT_FIRST }, async (world) => {
    await world.putSecret('shared-env', { KEY: 'a' });
    world.quota({ spotVcpus: 0, vcpus: 0 });
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await world.createWorkspace(name, world.from('shared-env'));
    await world.pass(HOUR);
    expect(world.provisions()).toHaveLength(0);
    world.quota({ vcpus: 8 });
    const raised = world.now();
    for (const name of names) await world.untilReady(name);
    expect(world.now() - raised).toBeLessThan(20 * MINUTE);
    expect(world.provisions()).toHaveLength(4);
    expect(types(world)).toEqual({ 'm7i.large OnDemand': 4 });
  });

  story(
    'operators restart in the middle: what serves and gets a change stays',
    { standard: SPOT_FIRST },
    async (world) => {
      world.quota({ spotVcpus: 0 });
      const names = await fleet(world, 3);
      world.quota({ spotVcpus: 0, vcpus: 0 });
      await world.createWorkspace('late', world.from('shared-env'));
      await world.until('it is said', () => world.condition('late', 'Ready')?.reason === 'QuotaExceeded');
      neverDown(world, ...names);
      await world.pass(10 * MINUTE);
      await world.putSecret('shared-env', { KEY: 'b' });
      for (let count = 0; count < 4; count += 1) {
        await world.pass(11 * MINUTE + 7 * SECOND);
        world.leader().kill();
        world.startOperator();
      }
      await world.pass(30 * MINUTE);
      expect(world.provisions()).toHaveLength(3);
    },
  );
});
