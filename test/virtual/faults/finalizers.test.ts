import { describe, expect } from 'vitest';
import { FINALIZER } from '../../../src/api/base/meta.ts';
import { story } from '../driver/story.ts';
import { MINUTE, SECOND } from '../driver/time.ts';
import type { World } from '../driver/world.ts';

const OBJECT = { verbs: ['patch'], resources: ['workspaces'], subresources: [''] };
const ONE = { standard: { maxInstances: 1 } };

function refuseFinalizer(world: World, status: number, name: string) {
  const message = 'admission webhook "guard.example" denied the request:\u001b[31m no finalizers here.';
  return world.apiServer({
    match: { ...OBJECT, names: [name] },
    effect: { kind: 'error', status, reason: status === 422 ? 'Invalid' : 'Forbidden', message },
  });
}

function says(world: World, name: string, status: number): void {
  const { reason, message } = world.condition(name, 'Ready') ?? {};
  expect(reason).toBe('FinalizerBlocked');
  expect(message).toContain(`Workspace default/${name}: ${status} `);
  expect(message).toContain('denied the request: [31m no finalizers here. ');
  expect(message).toContain(FINALIZER);
  expect(world.condition(name, 'Stalled')?.status).toBe('True');
}

describe('the API server refuses the finalizer', () => {
  for (const status of [403, 422, 400])
    story(
      `with ${status}: a condition says so, its room is another’s, and it is asked again`,
      ONE,
      async (world) => {
        const refused = refuseFinalizer(world, status, 'first');
        await world.createWorkspace('first', { envFrom: [] });
        await world.until(
          'it says so',
          () => world.condition('first', 'Ready')?.reason === 'FinalizerBlocked',
        );
        says(world, 'first', status);
        await world.createWorkspace('second', { envFrom: [] });
        await world.untilReady('second', 1);
        const versions = world.versions();
        await world.pass(60 * MINUTE);
        expect(world.versions()).toEqual(versions);
        expect(refused.hits()).toBeGreaterThan(5);
        expect(refused.hits()).toBeLessThan(12);
        says(world, 'first', status);
        expect(world.events('first').filter(({ reason }) => reason === 'FinalizerBlocked')).toHaveLength(1);
        refused.lift();
        await world.until(
          'it waits for room',
          () => world.condition('first', 'Ready')?.reason === 'ClassLimitReached',
        );
        await world.remove('second');
        await world.untilReady('first', 1);
        expect(world.provisions('first')).toHaveLength(1);
      },
    );

  story('a message that differs each time costs no more than each try', {}, async (world) => {
    const faults = Array.from({ length: 20 }, (_, index) =>
      world.apiServer({
        match: OBJECT,
        times: 1,
        effect: { kind: 'error', status: 403, reason: 'Forbidden', message: `denied, request ${index}` },
      }),
    );
    await world.createWorkspace('first', { envFrom: [] });
    await world.pass(60 * MINUTE);
    expect(faults.filter((it) => it.hits() > 0).length).toBeLessThan(12);
    expect(world.changesAsked()['patch workspaces.compute.molecule.ai status']).toBeLessThan(30);
  });
});

describe('the API server refuses to remove the finalizer', () => {
  story('a condition says so, the room is free, and the object goes once it may', ONE, async (world) => {
    await world.createWorkspace('first', { envFrom: [] });
    await world.untilReady('first', 1);
    const refused = refuseFinalizer(world, 403, 'first');
    await world.remove('first');
    await world.until('it says so', () => world.condition('first', 'Ready')?.reason === 'FinalizerBlocked');
    says(world, 'first', 403);
    expect(world.live('first')).toEqual([]);
    await world.createWorkspace('second', { envFrom: [] });
    await world.untilReady('second', 1);
    world.leader().kill();
    world.startOperator();
    await world.pass(30 * MINUTE);
    says(world, 'first', 403);
    refused.lift();
    await world.untilGone('first');
    expect(world.provisions()).toHaveLength(2);
    await world.pass(10 * SECOND);
    expect(world.down()).toEqual([]);
  });
});
