import { describe, expect } from 'vitest';
import { CLASSES } from '../../../src/reconcilers/class/deps.ts';
import { createClass, made, QUICK, STANDARD, waiting } from '../driver/classes.ts';
import { story } from '../driver/story.ts';
import { MINUTE } from '../driver/time.ts';

describe('spec.className is edited', () => {
  story(
    'eight move into a class that allows one: one goes, and seven serve where they are',
    STANDARD,
    async (world) => {
      await createClass(world, 'small', 1);
      const names = await world.createFleet(8);
      for (const name of names) await world.edit(name, { className: 'small' });
      const stayed = await world.until('seven wait', () => {
        const those = waiting(world, names);
        return those.length === 7 && those;
      });
      await world.pass(10 * MINUTE);
      expect(waiting(world, names)).toEqual(stayed);
      expect(world.provisions()).toHaveLength(9);
      expect(world.down()).toEqual([]);
      const [gone] = names.filter((name) => !stayed.includes(name));
      expect(gone).toBe('ws-0');
      expect(world.workspace('ws-0').status?.history?.[0]).toMatchObject({ outcome: 'Superseded' });
      expect(world.workspace('ws-0').status?.launch?.cause?.kind).toBe('SpecChanged');
      expect(made(world, 'small')).toHaveLength(1);
      const message = world.condition('ws-1', 'UpToDate')?.message;
      expect(message).toContain('"small"');
      expect(message).toContain('maxInstances 1');
      expect(message).toContain('stays in "standard"');
      expect(world.condition('ws-1', 'Ready')?.status).toBe('True');
      expect(world.events('ws-1').filter(({ reason }) => reason === 'ClassLimitReached')).toHaveLength(1);

      world.note('the one that went is deleted: the next one goes');
      await world.remove('ws-0');
      await world.untilReady('ws-1', 2);
      await world.pass(10 * MINUTE);
      expect(world.provisions()).toHaveLength(10);
      expect(waiting(world, names.slice(2))).toHaveLength(6);
    },
  );

  story('the limit is raised: those that wait go, each with one provision', STANDARD, async (world) => {
    await createClass(world, 'small');
    await world.editClass('small', { maxInstances: 1 });
    const names = await world.createFleet(4, (name) => (name === 'ws-0' ? { className: 'small' } : {}));
    for (const name of names) await world.edit(name, { className: 'small' });
    await world.until('three wait', () => waiting(world, names).length === 3);
    await world.editClass('small', { maxInstances: 4 });
    for (const name of names.slice(1)) await world.untilReady(name, 2);
    expect(world.provisions()).toHaveLength(7);
    expect(made(world, 'small')).toHaveLength(4);
  });

  story(
    'what waits for room lives on in its class: Secrets, repairs and restarts',
    STANDARD,
    async (world) => {
      await createClass(world, 'small', 0);
      await world.createFleet(1);
      await world.edit('ws-0', { className: 'small' });
      await world.until('it waits', () => waiting(world, ['ws-0']).length === 1);
      await world.putSecret('shared-env', { KEY: 'b' });
      await world.until('it has the new Secret', () => world.environment('ws-0')?.KEY === 'b');
      world.faults.end(world.live('ws-0')[0] ?? '');
      await world.until(
        'it is repaired',
        () => world.workspace('ws-0').status?.launch?.number === 3 && world.down().length === 0,
      );
      await world.edit('ws-0', { requests: { restart: 'now' } });
      await world.until(
        'it is restarted',
        () => world.workspace('ws-0').status?.launch?.number === 4 && world.down().length === 0,
      );
      await world.pass(MINUTE);
      expect(world.provisions()).toHaveLength(4);
      expect(waiting(world, ['ws-0'])).toEqual(['ws-0']);
      expect(made(world, 'small')).toEqual([]);
    },
  );

  story('it counts in its class meanwhile, and until its instance there is gone', STANDARD, async (world) => {
    await createClass(world, 'full', 0);
    await world.editClass('standard', { maxInstances: 1 });
    world.always(
      'at most one of standard',
      () => made(world, 'standard').length <= 1 || `${made(world, 'standard')} live`,
    );
    await world.createFleet(1);
    await world.edit('ws-0', { className: 'full' });
    await world.until('it waits', () => waiting(world, ['ws-0']).length === 1);
    await world.createWorkspace('late', world.from('shared-env'));
    await world.pass(5 * MINUTE);
    expect(world.condition('late', 'Ready')?.reason).toBe('ClassLimitReached');
    await createClass(world, 'free', 1);
    await world.edit('ws-0', { className: 'free' });
    await world.untilReady('ws-0', 2);
    await world.untilReady('late');
    expect(world.provisions()).toHaveLength(3);
  });

  story('there and back again before anything moved costs nothing', STANDARD, async (world) => {
    await createClass(world, 'small', 0);
    await world.createFleet(1);
    await world.edit('ws-0', { className: 'small' });
    await world.until('it waits', () => waiting(world, ['ws-0']).length === 1);
    await world.edit('ws-0', { className: 'standard' });
    await world.untilReady('ws-0', 1);
    await world.pass(5 * MINUTE);
    expect(world.provisions()).toHaveLength(1);
    expect(world.condition('ws-0', 'UpToDate')?.status).toBe('True');
  });

  story(
    'back again once it has room there, but not yet an instance: it needs no room where it serves',
    STANDARD,
    async (world) => {
      await createClass(world, 'small', 1);
      await world.editClass('standard', { maxInstances: 1 });
      await world.createFleet(1);
      await world.createWorkspace('late', world.from('shared-env'));
      // The launch is too young for a change, so that it stays in between.
      await world.editClass('small', { rollout: { minIntervalSeconds: 3600 } });
      await world.edit('ws-0', { className: 'small' });
      await world.until('it is deferred', () => world.condition('ws-0', 'UpToDate')?.reason === 'Deferred');
      await world.pass(MINUTE);
      expect(world.condition('late', 'Ready')?.reason).toBe('ClassLimitReached');
      await world.edit('ws-0', { className: 'standard' });
      await world.untilReady('ws-0', 1);
      await world.pass(5 * MINUTE);
      expect(world.provisions()).toHaveLength(1);
      world.note('and it takes up no room in the other any more');
      await world.edit('late', { className: 'small' });
      await world.untilReady('late');
    },
  );

  story(
    'classes that ask for the same machine: it moves without a provision, and its place is free',
    STANDARD,
    async (world) => {
      await world.createClass('twin', { ...QUICK, instanceProfile: 'standard', maxInstances: 1 });
      await world.editClass('standard', { maxInstances: 2 });
      await world.createFleet(2);
      await world.edit('ws-0', { className: 'twin' });
      await world.edit('ws-1', { className: 'twin' });
      await world.until('one waits', () => waiting(world, ['ws-0', 'ws-1']).length === 1);
      await world.createWorkspace('late', world.from('shared-env'));
      await world.untilReady('late');
      expect(world.provisions()).toHaveLength(3);
      expect(waiting(world, ['ws-1'])).toEqual(['ws-1']);
    },
  );
});

describe('the class that spec.className names', () => {
  story('does not exist, then does not allow the namespace, then takes it', STANDARD, async (world) => {
    await world.createFleet(1);
    await world.edit('ws-0', { className: 'other' });
    await world.until('it is said', () => waiting(world, ['ws-0'], 'ClassNotFound').length === 1);
    expect(world.condition('ws-0', 'UpToDate')?.message).toContain('"other"');
    await world.createClass('other', {
      ...QUICK,
      instanceProfile: 'other',
      allowedNamespaces: { from: 'None' },
    });
    await world.until('it is said', () => waiting(world, ['ws-0'], 'ClassNotAllowed').length === 1);
    await world.pass(5 * MINUTE);
    expect(world.down()).toEqual([]);
    expect(world.provisions()).toHaveLength(1);
    await world.editClass('other', { allowedNamespaces: { from: 'All' } });
    await world.untilReady('ws-0', 2);
    expect(made(world, 'other')).toHaveLength(1);
  });

  story(
    'is full, as is the one it is in, and two want to swap: both show the next step',
    STANDARD,
    async (world) => {
      await createClass(world, 'red');
      await createClass(world, 'blue', 1);
      await world.editClass('red', { maxInstances: 1 });
      const names = await world.createFleet(2, (name) => ({ className: name === 'ws-0' ? 'red' : 'blue' }));
      await world.edit('ws-0', { className: 'blue' });
      await world.edit('ws-1', { className: 'red' });
      await world.until('both wait', () => waiting(world, names).length === 2);
      await world.pass(10 * MINUTE);
      expect(world.provisions()).toHaveLength(2);
      expect(world.down()).toEqual([]);
      for (const name of names) expect(world.condition(name, 'UpToDate')?.message).toContain('raised by one');
      await world.editClass('red', { maxInstances: 2 });
      for (const name of names) await world.untilReady(name, 2);
      expect(world.provisions()).toHaveLength(4);
    },
  );

  story('is deleted before and after it takes the Workspace, and is made again', STANDARD, async (world) => {
    await createClass(world, 'small', 1);
    await world.createFleet(1);
    await world.edit('ws-0', { className: 'small' });
    await world.untilReady('ws-0', 2);
    await world.scene.kube.delete(CLASSES, 'small');
    await world.until('it is said', () => waiting(world, ['ws-0'], 'ClassNotFound').length === 1);
    await world.edit('ws-0', { className: 'gone' });
    await world.pass(5 * MINUTE);
    expect(world.down()).toEqual([]);
    expect(world.condition('ws-0', 'UpToDate')?.message).toContain('"gone"');
    await world.edit('ws-0', { className: 'standard' });
    await world.untilReady('ws-0', 3);
    expect(world.provisions()).toHaveLength(3);
  });
});
