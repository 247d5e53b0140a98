import { describe, expect } from 'vitest';
import { WORKSPACES } from '../../../src/reconcilers/workspace/context/deps.ts';
import { NAMESPACE } from '../../simulator/scene/shape.ts';
import { createClass, STANDARD, waiting } from '../driver/classes.ts';
import { EFFECT } from '../driver/processes.ts';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';

describe('the operator ends in the middle of a move', () => {
  for (const nth of [1, 2, 3, 4, 5, 6]) {
    story(`at its ${nth}. effect: one goes, once`, STANDARD, async (world) => {
      await createClass(world, 'small', 1);
      const names = await world.createFleet(3);
      for (const name of names) await world.edit(name, { className: 'small' });
      const killed = world.killAt({ call: EFFECT, when: nth % 2 ? 'before' : 'after', nth });
      await world.until('it ends', killed);
      world.startOperator();
      await world.untilLeader();
      await world.untilReady('ws-0', 2);
      await world.until('two wait', () => waiting(world, names).length === 2);
      await world.pass(10 * MINUTE);
      expect(world.provisions()).toHaveLength(4);
      expect(world.down()).toEqual([]);
    });
  }

  story(
    'className was edited while none ran: nothing is launched beyond the limit',
    STANDARD,
    async (world) => {
      await createClass(world, 'small', 1);
      const names = await world.createFleet(4);
      for (const operator of world.operators()) operator.kill();
      for (const name of names) await world.edit(name, { className: 'small' });
      world.startOperator();
      await world.untilLeader();
      await world.untilReady('ws-0', 2);
      await world.until('three wait', () => waiting(world, names).length === 3);
      await world.pass(10 * MINUTE);
      expect(world.provisions()).toHaveLength(5);
    },
  );

  story('an earlier release launched them: the edit counts all the same', STANDARD, async (world) => {
    await createClass(world, 'small', 1);
    const names = await world.createFleet(4);
    for (const operator of world.operators()) operator.kill();
    // It leaves fields alone that it does not know: the MAC of a status that is no more.
    for (const name of names)
      await world.scene.kube.mergePatch(
        WORKSPACES,
        { name, namespace: NAMESPACE, subresource: 'status' },
        { status: { room: null } },
      );
    world.startOperator();
    await world.untilLeader();
    await world.pass(30 * SECOND);
    for (const name of names) expect(world.workspace(name).status?.room).toBeUndefined();
    for (const name of names) await world.edit(name, { className: 'small' });
    await world.untilReady('ws-0', 2);
    await world.until('three wait', () => waiting(world, names).length === 3);
    await world.pass(10 * MINUTE);
    expect(world.provisions()).toHaveLength(5);
  });
});
