import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../test/support/base/seededRandom.ts';
import { conditionsOf, serving } from '../../../../test/support/fleet/fleetWorld.ts';
import { classOf, desiredOf, factsOf, SECOND, TIMING } from '../../../../test/support/workspace/facts.ts';
import { createSurroundings } from '../../../../test/support/workspace/workspaceDeps.ts';
import type { KubeObject } from '../../../controller/client/client.ts';
import { ApiError, TransportError } from '../../../controller/client/errors.ts';
import { LeaseLostError } from '../../../controller/lease/leadership.ts';
import { createController } from '../../../controller/loop/controller.ts';
import { createWorkqueue } from '../../../controller/loop/workqueue.ts';
import { createRuntimeMetrics } from '../../../controller/serve/metrics.ts';
import { createFleet } from '../../fleet/fleet.ts';
import { createMemory } from '../context/memory.ts';
import { act } from './act.ts';
import { certainlyFailed, GivenUpError, resolveClaim } from './claims.ts';

const NAMES = ['a', 'b', 'c', 'd'];

const queued = serving(0, {
  desired: desiredOf(2, 'b'),
  conditions: conditionsOf({ Ready: ['True', 'Ready'], UpToDate: ['False', 'RolloutQueued'] }),
});

/** The queue, the controller and the fleet around passes that all want a slot, over an API server that answers as the test says. */
function setUp(slots: string) {
  const around = createSurroundings();
  const { deps, clock, context } = around;
  const metrics = createRuntimeMetrics();
  const queue = createWorkqueue({ name: 'workspace', clock, metrics });
  deps.classes.applyWrite(classOf({ rollout: { maxUnavailable: slots } }));
  for (const name of NAMES) {
    around.store(factsOf({ status: queued, metadata: { name, uid: name } }).workspace);
  }
  deps.fleet = createFleet({ ...deps, onClass: () => undefined, onPlace: queue.add });
  const memory = createMemory();
  const controller = createController({
    name: 'workspace',
    workers: 4,
    queue,
    clock,
    random: seededRandom(),
    logger: context.logger,
    metrics,
    async reconcile(key) {
      const workspace = deps.workspaces.get(key);
      if (!workspace) return undefined;
      const openForMs = await resolveClaim(deps, workspace);
      const status = { ...queued, provisions: 2 };
      const claim = { slot: true, room: false, contents: [] };
      await act(deps, memory, workspace, { status, events: [], claim }, 'term-1', context);
      return openForMs === undefined ? undefined : { requeueAfterMs: openForMs };
    },
  });
  return { ...around, queue, controller };
}

const refusal = (status: number) => new ApiError('PATCH', '/status', { status });

describe('a write that takes a slot and is refused', () => {
  test.each([403, 409, 422, 429])(
    'with %i again and again is tried at its backoff, and not each time that its own slot comes back',
    async (status) => {
      const scene = setUp('1');
      const sentAt: number[] = [];
      scene.refuseWrites(() => {
        sentAt.push(scene.clock.monotonic());
        // A loop without a pause would never let the clock go on.
        if (sentAt.length > 1_000) void scene.controller.stop();
        throw refusal(status);
      });
      scene.controller.start();
      for (const name of NAMES) scene.queue.add(`default/${name}`);
      await scene.clock.advance(60 * SECOND);
      // client-go's backoff doubles from 5 ms: 14 tries of a key in a minute.
      expect(sentAt.length).toBeLessThanOrEqual(NAMES.length * 15);
      expect(sentAt.length).toBeGreaterThan(NAMES.length * 8);
      await scene.controller.stop();
    },
  );

  test('keeps no other one from it: while the first in line is refused, as by a policy of its namespace, the others go', async () => {
    const scene = setUp('1');
    scene.refuseWrites((_what, name) => {
      if (name === 'a') throw refusal(403);
    });
    scene.controller.start();
    for (const name of NAMES) scene.queue.add(`default/${name}`);
    await scene.clock.advance(10 * SECOND);
    const isWritten = (name: string) =>
      scene.deps.workspaces.get(`default/${name}`)?.status?.provisions === 2;
    expect(NAMES.filter(isWritten)).toEqual(['b', 'c', 'd']);
    await scene.controller.stop();
  });
});

describe('a write that was not answered', () => {
  const lost = () => {
    throw new TransportError('TIMEOUT', 'PATCH', '/status', 'no answer');
  };

  function unanswered(shown: () => KubeObject[]) {
    const scene = setUp('1');
    const lists: (string | undefined)[] = [];
    scene.deps.kube.list = <T extends KubeObject>(
      _resource: unknown,
      options?: { fieldSelector?: string },
    ) => {
      lists.push(options?.fieldSelector);
      return Promise.resolve({ items: shown() as T[], resourceVersion: '1' });
    };
    const workspace = scene.deps.workspaces.get('default/a');
    if (!workspace) throw new Error('it was stored');
    const decision = {
      status: { ...queued, provisions: 2 },
      events: [],
      claim: { slot: true, room: false, contents: [] },
    };
    const pass = async (refuse: () => void) => {
      scene.refuseWrites(refuse);
      const write = act(scene.deps, createMemory(), workspace, decision, 'term-1', scene.context);
      await expect(write).rejects.toThrow();
    };
    const othersMayGo = () => {
      const other = scene.deps.workspaces.get('default/b');
      if (!other) throw new Error('it was stored');
      const { ahead: _, ...fact } = scene.deps.fleet.factFor(other, []);
      return fact.unavailable === 0;
    };
    return { ...scene, workspace, lists, pass, othersMayGo };
  }

  test.each([403, 409, 429])(
    'holds its slot though the retry is refused with %i, until a read begun late enough proves that it never landed',
    async (status) => {
      const scene = unanswered(() => [scene.workspace]);
      await scene.pass(lost);
      await scene.pass(() => {
        throw refusal(status);
      });
      expect(scene.othersMayGo()).toBe(false);
      expect(await resolveClaim(scene.deps, scene.workspace)).toBe(TIMING.lateMs);
      await scene.clock.advance(TIMING.lateMs - 1);
      expect(await resolveClaim(scene.deps, scene.workspace)).toBe(1);
      expect(scene.lists).toEqual([]);
      expect(scene.othersMayGo()).toBe(false);
      await scene.clock.advance(1);
      expect(await resolveClaim(scene.deps, scene.workspace)).toBeUndefined();
      expect(scene.lists).toEqual(['metadata.name=a']);
      expect(scene.othersMayGo()).toBe(true);
    },
  );

  test('is settled by another version, which the read brings into the cache', async () => {
    const { metadata } = factsOf({ metadata: { name: 'a', uid: 'a', resourceVersion: '500' } }).workspace;
    const scene = unanswered(() => [{ ...scene.workspace, metadata } as KubeObject]);
    await scene.pass(lost);
    await scene.clock.advance(TIMING.lateMs);
    expect(await resolveClaim(scene.deps, scene.workspace)).toBeUndefined();
    expect(scene.deps.workspaces.get('default/a')?.metadata.resourceVersion).toBe('500');
  });

  test('of an object that the read lacks stays open until the cache knows that it is gone', async () => {
    const scene = unanswered(() => []);
    await scene.pass(lost);
    await scene.clock.advance(TIMING.lateMs);
    expect(await resolveClaim(scene.deps, scene.workspace)).toBe(SECOND);
    scene.deps.workspaces.applyDelete({
      ...scene.workspace,
      metadata: { ...scene.workspace.metadata, resourceVersion: '900' },
    });
    expect(await resolveClaim(scene.deps, scene.workspace)).toBeUndefined();
    expect(scene.othersMayGo()).toBe(true);
  });
});

test.each<[unknown, boolean]>([
  [new LeaseLostError('lost'), true],
  [new GivenUpError('given up'), true],
  [new TransportError('NO_CREDENTIALS', 'PATCH', '/x', 'none'), true],
  [refusal(403), true],
  [refusal(409), true],
  [refusal(429), true],
  [refusal(408), false],
  [refusal(500), false],
  [refusal(504), false],
  [new TransportError('TIMEOUT', 'PATCH', '/x', 'none'), false],
  [new TypeError('a bug after the answer'), false],
])('%s says for certain that nothing was written: %s', (error, certain) => {
  expect(certainlyFailed(error)).toBe(certain);
});
