import { describe, expect } from 'vitest';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACE } from '../../simulator/scene/shape.ts';
import { play, story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { WorldOptions } from '../driver/world.ts';
import { instanceOf, knownAfter, queued, rested } from './queued.ts';

describe('who needs a sweep has it as without a queue', () => {
  const doubt = async (options: WorldOptions): Promise<number> => {
    let took = 0;
    await play(options, async (world) => {
      const [name = ''] = await world.createFleet(1);
      await world.pass(5 * MINUTE);
      // Carried out, and nothing comes back: a sweep alone shows the instance.
      const lift = world.ec2({
        action: 'RunInstances',
        fault: { kind: 'lostResponse', how: 'reset' },
        times: Number.POSITIVE_INFINITY,
      });
      const provisions = world.provisions().length;
      await world.putSecret('shared-env', { KEY: 'b' });
      await world.until('the launch is carried out', () => world.provisions().length > provisions);
      const begun = world.now();
      await world.until('it is adopted', () => {
        const { launch } = world.workspace(name).status ?? {};
        return launch?.number === 2 && launch.instanceID !== undefined;
      });
      took = world.now() - begun;
      lift();
      expect(world.provisions()).toHaveLength(2);
    });
    return took;
  };

  story('a launch in doubt is not delayed by the rest', {}, async () => {
    expect(await doubt(queued)).toBeLessThanOrEqual((await doubt({})) + SECOND);
  });

  const silence = async (options: WorldOptions): Promise<number> => {
    let took = 0;
    await play(options, async (world) => {
      const [name = ''] = await world.createFleet(4);
      await world.pass(5 * MINUTE);
      const begun = world.now();
      world.silence(name, true);
      await world.until('it is replaced', () => world.provisions(name).length === 2);
      took = world.now() - begun;
    });
    return took;
  };

  story('a silent instance is replaced as soon', {}, async () => {
    expect(await silence(queued)).toBeLessThanOrEqual((await silence({})) + 11 * SECOND);
  });

  story('a wiped status is put back as soon', queued, async (world) => {
    const [name = ''] = await rested(world);
    const begun = world.now();
    const target = { name, namespace: NAMESPACE, subresource: 'status' as const };
    await world.scene.kube.mergePatch(WORKSPACES, target, { status: null });
    await world.until('it is back', () => (world.workspace(name).status?.launch?.number ?? 0) === 1);
    // T_late and T_vis, and a sweep.
    expect(world.now() - begun).toBeLessThanOrEqual(7 * MINUTE + 12 * SECOND);
    expect(world.provisions()).toHaveLength(1);
  });

  story(
    'a term begins with a sweep, only the leader takes messages, and no end is lost between',
    { ...queued, replicas: 2 },
    async (world) => {
      const [name = ''] = await rested(world);
      const id = instanceOf(world, name);
      world.leader().kill();
      world.faults.end(id);
      await world.untilLeader();
      expect(await knownAfter(world, name, id)).toBeLessThanOrEqual(3 * SECOND);
      await world.untilReady(name, 2);
      expect(world.provisions()).toHaveLength(2);
    },
  );
});
