import { describe, expect, test } from 'vitest';
import { classPasses, RESOLVED } from '../../../test/support/fleet/classPasses.ts';
import { createFleetWorld, DOWN, serving } from '../../../test/support/fleet/fleetWorld.ts';
import { classOf, MINUTE, SECOND } from '../../../test/support/workspace/facts.ts';
import type { WorkspaceClass } from '../../api/kinds/workspaceClass.ts';
import type { Resolution } from '../../ec2/calls/port.ts';
import type { Resolver } from '../../ec2/resolve/resolve.ts';
import { specKey } from '../../ec2/resolve/terms.ts';

type Answer = (resolution: Resolution) => void;

/** Answers are given by the test, image by image; nothing is fresh unless it says so. */
function setUp() {
  const world = createFleetWorld();
  const asked = new Map<string, Answer[]>();
  const fresh = new Map<string, Resolution>();
  const resolver: Pick<Resolver, 'resolve' | 'peek'> = {
    peek: (spec) => fresh.get(specKey(spec)),
    resolve: (spec) =>
      new Promise((resolve) => {
        const image = spec.images[0]?.id ?? '';
        asked.set(image, [...(asked.get(image) ?? []), resolve]);
      }),
  };
  const passes = classPasses(world, resolver);
  let version = 50;
  const put = (name: string, image: string, more: Partial<WorkspaceClass> = {}) => {
    version += 1;
    const klass = classOf({ images: [{ architecture: 'x86_64', id: image }] });
    const metadata = { name, uid: name, resourceVersion: String(version), generation: version };
    world.classes.applyWrite({ ...klass, ...more, metadata });
    passes.queue.add(name);
  };
  const answer = async (image: string, resolution: Resolution) => {
    asked.get(image)?.shift()?.(resolution);
    await passes.clock.settle();
  };
  const resolved = (name: string) =>
    world.classes.get(name)?.status?.conditions?.find(({ type }) => type === 'Resolved');
  passes.controller.start();
  return { ...passes, world, asked, fresh, put, answer, resolved };
}

describe('a look-up of a class’s terms', () => {
  test('that hangs delays no other class, and its own no longer than until it is overdue', async () => {
    const scene = setUp();
    scene.put('hangs', 'ami-aaa');
    scene.put('other', 'ami-bbb');
    await scene.clock.settle();
    await scene.answer('ami-bbb', RESOLVED);
    expect(scene.resolved('other')).toMatchObject({ status: 'True' });
    expect(scene.resolved('hangs')).toBeUndefined();
    await scene.clock.advance(30 * SECOND);
    expect(scene.resolved('hangs')).toMatchObject({ status: 'Unknown', reason: 'CloudUnavailable' });
    await scene.answer('ami-aaa', RESOLVED);
    expect(scene.resolved('hangs')).toMatchObject({ status: 'True' });
    await scene.controller.stop();
  });

  test('that ends is shown at once, though nothing of it is fresh, and is not followed by another', async () => {
    const scene = setUp();
    scene.put('a', 'ami-1');
    await scene.clock.settle();
    await scene.answer('ami-1', { ok: false, kind: 'missing', message: 'images[0]: gone' });
    expect(scene.resolved('a')).toMatchObject({ status: 'False', reason: 'InvalidConfiguration' });
    const asked = scene.asked.get('ami-1')?.length ?? 0;
    await scene.clock.advance(MINUTE);
    expect(scene.asked.get('ami-1')?.length ?? 0).toBeLessThanOrEqual(asked + 1);
    await scene.controller.stop();
  });

  test('of terms that were edited meanwhile says nothing of the new ones', async () => {
    const scene = setUp();
    scene.put('a', 'ami-ccc');
    await scene.clock.settle();
    scene.put('a', 'ami-ddd');
    await scene.clock.settle();
    await scene.answer('ami-ccc', RESOLVED);
    expect(scene.resolved('a')).toBeUndefined();
    await scene.answer('ami-ddd', RESOLVED);
    expect(scene.resolved('a')).toMatchObject({ status: 'True' });
    await scene.controller.stop();
  });

  test('that was rejected is unavailable, and no failure of the pass', async () => {
    const world = createFleetWorld();
    const passes = classPasses(world, {
      peek: () => undefined,
      resolve: () => Promise.reject(new Error('no route')),
    });
    passes.controller.start();
    passes.queue.add('standard');
    await passes.clock.settle();
    const condition = world.classes
      .get('standard')
      ?.status?.conditions?.find(({ type }) => type === 'Resolved');
    expect(condition).toMatchObject({ status: 'Unknown', message: expect.stringMatching(/no route/) });
    await passes.controller.stop();
  });

  test('that has not ended keeps a class that was judged from nothing else: its numbers go on', async () => {
    const scene = setUp();
    scene.fresh.set(specKey(classOf({}).spec), RESOLVED);
    scene.queue.add('standard');
    await scene.clock.settle();
    expect(scene.resolved('standard')).toMatchObject({ status: 'True' });
    scene.fresh.clear();
    scene.world.write('a', serving(MINUTE));
    await scene.clock.advance(5 * SECOND);
    expect(scene.resolved('standard')).toMatchObject({ status: 'True' });
    expect(scene.world.classes.get('standard')?.status?.counts).toMatchObject({ total: 1 });
    await scene.controller.stop();
  });
});

describe('a class is looked at when what its status shows changes', () => {
  test('a status write of a Workspace alone causes no look; numbers wait for one another', async () => {
    const world = createFleetWorld();
    const { clock, queue, controller, counts } = classPasses(world);
    controller.start();
    queue.add('standard');
    for (let index = 0; index < 200; index += 1) world.write(`w${index}`, serving(MINUTE));
    await clock.advance(10 * SECOND);
    const before = { ...counts };
    for (let round = 0; round < 10; round += 1) {
      for (let index = 0; index < 200; index += 1)
        world.write(`w${index}`, serving(MINUTE, { provisions: round }));
      await clock.advance(SECOND);
    }
    expect(counts).toEqual(before);
    for (let index = 0; index < 200; index += 1) {
      world.write(`w${index}`, serving(MINUTE, { conditions: DOWN }));
      await clock.advance(0.1 * SECOND);
    }
    expect(world.classes.get('standard')?.status?.counts?.current).toBeLessThan(200);
    await clock.advance(5 * SECOND);
    expect(world.classes.get('standard')?.status?.counts).toMatchObject({ current: 0, updating: 200 });
    // Twenty seconds of changes: a write every five, and a pass that sees each write.
    expect(counts.writes - before.writes).toBeLessThanOrEqual(6);
    expect(counts.passes - before.passes).toBeLessThanOrEqual(16);
    await controller.stop();
  });
});
