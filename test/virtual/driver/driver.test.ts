import { describe, expect, test, vi } from 'vitest';
import { currentState } from '../../../dev/ec2/base/model.ts';
import { play, story } from './story.ts';
import { HOUR, MINUTE, SECOND } from './time.ts';
import type { World } from './world.ts';

async function launch(world: World, name: string): Promise<void> {
  await world.putSecret(`${name}-env`, { KEY: 'a' });
  await world.createWorkspace(name);
  await world.untilReady(name, 1);
}

describe('a world in virtual time', () => {
  story('launches a Workspace as EC2’s time goes, and the agent holds its Secret', {}, async (world) => {
    await launch(world, 'ada');
    expect(world.now()).toBeGreaterThan(20 * SECOND);
    expect(world.now()).toBeLessThan(MINUTE);
    expect(world.environment('ada')).toEqual({ KEY: 'a' });
    expect(world.down()).toEqual([]);
    // The class's numbers follow.
    await world.pass(10 * SECOND);
    const asked = world.changesAsked();
    await world.pass(HOUR);
    expect(world.changesAsked()).toEqual(asked);
  });

  test('goes the same way each time', async () => {
    const timelines: string[] = [];
    for (let time = 0; time < 2; time += 1)
      await play({ replicas: 2 }, async (world) => {
        await launch(world, 'ada');
        await world.putSecret('ada-env', { KEY: 'b' });
        await world.untilReady('ada', 2);
        timelines.push(world.timeline());
      });
    expect(timelines[1]).toBe(timelines[0]);
  });

  test('a wait in vain says what it waited for and what it sees, and shows what happened', async () => {
    const played = play({}, async (world) => {
      world.hold('ada', true);
      await launch(world, 'ada');
    });
    await expect(played).rejects.toThrow(
      /1800 virtual seconds in vain until ada is Ready and up to date with launch 1/,
    );
    const message = await played.catch(String);
    expect(message).toMatch(/ada: launch 2 Submitted, Ready False .*i-\w+ running/);
    expect(message).toMatch(/operator-1: EC2 runInstances ada #1 m7i.large → i-/);
    expect(message).toMatch(/EC2: i-\w+ of ada is pending/);
    expect(message).toMatch(/cluster: ada: .*launch 2 Submitted TimedOut/);
  });

  test('a law is judged at each change, and ends the story once it is broken', async () => {
    const played = play({}, async (world) => {
      world.always('nothing boots', () => world.live('ada').length === 0 || `${world.live('ada')} lives`);
      await launch(world, 'ada');
    });
    await expect(played).rejects.toThrow(/nothing boots: i-\w+ lives/);
  });

  test('two live instances of one Workspace end every story', async () => {
    const played = play({}, async (world) => {
      await launch(world, 'ada');
      const [first] = world.instances('ada');
      if (!first) throw new Error('there is none');
      world.cloud.instances.set('i-other', { ...first, id: 'i-other' });
      await world.pass(SECOND);
    });
    await expect(played).rejects.toThrow(/S1: 2 live instances/);
  });

  test('what asks again without a pause fails the story, and does not hang it', async () => {
    const played = play({}, async ({ scene, pass }) => {
      const again = () => void scene.clock.setTimeout(again, 0);
      again();
      await pass(SECOND);
    });
    await expect(played).rejects.toThrow(/time stands still at .* without a pause/);
  });

  test('a story whose test has run out of time ends, and prints what happened', async () => {
    const over = new AbortController();
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const played = play(
      {},
      async (world) => {
        over.abort(new Error('too late'));
        await world.pass(HOUR);
      },
      over.signal,
    );
    await expect(played).rejects.toThrow(/too late/);
    expect(printed).toHaveBeenCalledWith(expect.stringContaining('cluster: standard added'));
    printed.mockRestore();
  });

  story('what is cut off is back as it was', {}, async (world) => {
    await launch(world, 'ada');
    for (const support of ['database', 'gateway', 'cloud', 'cluster'] as const) {
      const back = world.cut(support);
      await world.pass(MINUTE);
      await back();
      await world.untilLeader();
      await world.until('the class says that all is there', () =>
        ['EvidenceAvailable', 'CloudAvailable'].every(
          (type) => world.classCondition('standard', type)?.status === 'True',
        ),
      );
    }
    expect(world.provisions()).toHaveLength(1);
    await world.untilReady('ada', 1);
  });

  story('dies at the very moment of a call, which is carried out', { replicas: 0 }, async (world) => {
    world.startOperator();
    await world.untilLeader();
    await world.putSecret('ada-env', { KEY: 'a' });
    const killed = world.killAt({ call: 'runInstances', when: 'after' });
    await world.createWorkspace('ada');
    await world.until('it is killed', killed);
    expect(world.operators()).toEqual([]);
    expect(world.workspace('ada').status?.launch?.instanceID).toBeUndefined();
    expect(world.instances('ada').map(currentState)).toEqual(['pending']);
    await world.pass(HOUR);
    expect(world.workspace('ada').status?.launch?.instanceID).toBeUndefined();
    world.startOperator();
    await world.untilReady('ada', 1);
    expect(world.provisions()).toHaveLength(1);
  });

  story('an image whose agents never heartbeat', {}, async (world) => {
    await launch(world, 'ada');
    const image = world.releaseImage({ broken: true });
    await world.editClass('standard', { imageUpdatePolicy: 'Automatic', startupTimeoutSeconds: 120 });
    await world.until('its successor timed out', () =>
      world.workspace('ada').status?.history?.some(({ outcome }) => outcome === 'TimedOut'),
    );
    expect(world.instances('ada')[1]?.imageID).toBe(image);
    expect(world.down()).toEqual(['ada']);
  });
});
