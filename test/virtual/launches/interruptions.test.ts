import { describe, expect } from 'vitest';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const TAKEN_BACK = { code: 'Server.SpotInstanceTermination', message: 'Server.SpotInstanceTermination' };
const ROLLOUT = { rollout: { maxUnavailable: '1' }, stopBehavior: 'Terminate' } as const;

/** From now on EC2 takes each Spot instance back a second after it runs, before its agent is up. */
function takeBackAll(world: World): void {
  world.cloud.lifecycle.subscribe((instance, state) => {
    if (!instance.spot || state !== 'pending') return;
    world.hold(instance.id, true);
    const end = () => world.faults.end(instance.id, TAKEN_BACK);
    world.scene.clock.setTimeout(end, 40 * SECOND);
  });
}

describe('EC2 takes each Spot instance back before its first heartbeat', () => {
  const spot = { standard: { ...ROLLOUT, capacityTypes: ['Spot'] as 'Spot'[] } };
  story('one is down, no content is blamed, and the class says what it waits for', spot, async (world) => {
    await world.createFleet(3);
    await world.pass(2 * MINUTE);
    takeBackAll(world);
    world.always('one is down', () => world.down().length <= 1 || `${world.down()} are down`);
    await world.editClass('standard', { rootVolume: { sizeGiB: 31 } });
    const said = new Set<string>();
    world.always('why', () => {
      said.add(world.classCondition('standard', 'RolloutComplete')?.message ?? '');
      return true;
    });
    await world.pass(60 * MINUTE);
    expect(world.klass('standard').status?.halted ?? []).toEqual([]);
    expect([...said].filter((message) => /EC2 refuses|capacity/.test(message))).not.toEqual([]);
    // Six offerings, each asked again after 3, 6, 12 and 15 minutes.
    expect(world.provisions().length).toBeLessThanOrEqual(3 + 6 * 6);
  });

  story('another leader knows of it, and asks no sooner for the same again', spot, async (world) => {
    await world.createFleet(3);
    await world.pass(2 * MINUTE);
    takeBackAll(world);
    await world.editClass('standard', { rootVolume: { sizeGiB: 31 } });
    await world.pass(8 * MINUTE);
    for (let round = 0; round < 5; round += 1) {
      await world.pass(3 * MINUTE);
      world.leader().kill();
      world.startOperator();
      await world.untilLeader();
    }
    const asked = new Map<string, number>();
    for (const { at, instanceType, zone } of world.provisions().slice(3)) {
      const offering = `${instanceType} in ${zone}`;
      const since = Date.parse(at) - (asked.get(offering) ?? 0);
      expect(since, `${offering} at ${at}`).toBeGreaterThan(3 * MINUTE);
      asked.set(offering, Date.parse(at));
    }
    expect(asked.size).toBe(6);
  });

  const both = { standard: { ...ROLLOUT, capacityTypes: ['Spot', 'OnDemand'] as ('Spot' | 'OnDemand')[] } };
  story('where the class allows On-Demand the roll-out goes on with that', both, async (world) => {
    const names = await world.createFleet(3);
    await world.pass(2 * MINUTE);
    takeBackAll(world);
    await world.editClass('standard', { rootVolume: { sizeGiB: 31 } });
    await world.until('all are replaced', () =>
      names.every((name) => (world.workspace(name).status?.launch?.number ?? 0) > 1),
    );
    await world.untilAllReady();
    expect(world.klass('standard').status?.halted ?? []).toEqual([]);
    expect(world.condition('ws-0', 'Ready')?.message).toContain('It is OnDemand, which costs more');
    expect(world.provisions().length).toBeLessThan(3 + 3 + 24);
  });
});
