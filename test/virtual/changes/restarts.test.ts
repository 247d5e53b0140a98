import { describe, expect } from 'vitest';
import { story } from '../driver/story.ts';
import { HOUR, MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const ONE = { standard: { rollout: { maxUnavailable: '1', minIntervalSeconds: 60 } } };

/** One person's script asks for a restart every so often. */
async function loop(world: World, name: string, everyMs: number, forMs: number): Promise<void> {
  for (let asked = 0; asked * everyMs < forMs; asked += 1) {
    await world.edit(name, { requests: { restart: `${world.now()}` } });
    await world.pass(everyMs);
  }
}

describe('one person’s restarts', () => {
  story(
    'every 20 s for an hour: the nine others rotate all the same, and the loop backs off',
    ONE,
    async (world) => {
      for (let index = 0; index < 10; index += 1) await world.putSecret(`own-${index}`, { OWN: 'a' });
      const names = await world.createFleet(10, (name) =>
        world.from('shared-env', name.replace('ws', 'own')),
      );
      const [looped = '', ...others] = names;
      const before = world.provisions(looped).length;
      await loop(world, looped, 20 * SECOND, 5 * MINUTE);
      await world.putSecret('shared-env', { KEY: 'b' });
      await loop(world, looped, 20 * SECOND, HOUR - 5 * MINUTE);
      for (const name of others) {
        expect(world.environment(name)?.KEY, name).toBe('b');
        expect(world.provisions(name), name).toHaveLength(2);
      }
      // At 0, and from then on after 0.5 (a boot takes longer), 1, 2, 4, 8 and then 15 minutes each.
      const provisions = world.provisions(looped).length - before;
      expect(provisions).toBeGreaterThanOrEqual(6);
      expect(provisions).toBeLessThanOrEqual(9);
      const waits = world.condition(looped, 'UpToDate');
      expect(waits).toMatchObject({ status: 'False', reason: 'RestartBackOff' });
      expect(waits?.message).toContain(world.workspace(looped).status?.restarts?.next);
      expect(world.condition(looped, 'Ready')?.status).toBe('True');

      world.note('the loop ends: what was asked for last is answered once');
      await world.untilReady(looped);
      const last = world.provisions(looped).length;
      await world.pass(HOUR);
      expect(world.provisions(looped).length).toBe(last);
      await world.edit(looped, { requests: { restart: 'much later' } });
      await world.pass(SECOND);
      expect(world.workspace(looped).status?.launch?.cause).toEqual({ kind: 'Restart', ref: 'much later' });
      expect(world.workspace(looped).status?.restarts?.count).toBe(1);
    },
  );

  story('a value that was used before is a request like any other', {}, async (world) => {
    await world.putSecret('ada-env', { KEY: 'a' });
    await world.createWorkspace('ada');
    await world.untilReady('ada', 1);
    for (const [index, restart] of ['on', 'off', 'on', 'off'].entries()) {
      await world.edit('ada', { requests: { restart } });
      await world.untilReady('ada', 2 + index);
    }
    expect(world.provisions('ada')).toHaveLength(5);
  });

  story(
    'the first is carried out at once, though the class is rolling and its launch is young',
    ONE,
    async (world) => {
      await world.createFleet(4);
      await world.putSecret('shared-env', { KEY: 'b' });
      await world.until('one is down for the Secret', () => world.down().length === 1);
      const [idle] = ['ws-3', 'ws-2'].filter((name) => !world.down().includes(name));
      if (idle === undefined) throw new Error('one of them serves');
      await world.edit(idle, { requests: { restart: 'now' } });
      await world.pass(2 * SECOND);
      expect(world.workspace(idle).status?.launch).toMatchObject({ number: 2, cause: { kind: 'Restart' } });
      await world.untilAllReady(2);
      expect(world.provisions()).toHaveLength(8);
    },
  );

  story('one whose instance boots for long takes no slot from the others', ONE, async (world) => {
    const names = await world.createFleet(4);
    world.hold('ws-0', true);
    await world.edit('ws-0', { requests: { restart: 'now' } });
    await world.until('it is down', () => world.down().length === 1);
    await world.putSecret('shared-env', { KEY: 'b' });
    for (const name of names.slice(1)) await world.untilReady(name, 2);
    expect(world.down()).toEqual(['ws-0']);
    expect(world.workspace('ws-0').status?.launch?.number).toBe(2);
  });

  story('values that come while the new instance boots are answered by it', ONE, async (world) => {
    await world.createFleet(1);
    world.hold('ws-0', true);
    await loop(world, 'ws-0', 5 * SECOND, 2 * MINUTE);
    expect(world.provisions()).toHaveLength(2);
    world.hold('ws-0', false);
    await world.untilReady('ws-0', 2);
    await world.pass(10 * MINUTE);
    expect(world.provisions()).toHaveLength(2);
    expect(world.workspace('ws-0').status?.handled?.restart).toBe(
      world.workspace('ws-0').spec.requests.restart,
    );
  });

  story('an operator that starts again knows of the row, and of what waits', ONE, async (world) => {
    await world.createFleet(1);
    await loop(world, 'ws-0', 20 * SECOND, 10 * MINUTE);
    const { restarts } = world.workspace('ws-0').status ?? {};
    expect(restarts?.count).toBeGreaterThanOrEqual(4);
    const provisions = world.provisions().length;
    for (const operator of world.operators()) operator.kill();
    world.startOperator();
    await world.untilLeader();
    await world.pass(20 * SECOND);
    expect(world.provisions()).toHaveLength(provisions);
    expect(world.workspace('ws-0').status?.restarts).toEqual(restarts);
    await world.untilReady('ws-0');
    expect(world.provisions()).toHaveLength(provisions + 1);
  });
});
