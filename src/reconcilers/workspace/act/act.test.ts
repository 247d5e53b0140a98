import { describe, expect, test } from 'vitest';
import { serving } from '../../../../test/support/fleet/fleetWorld.ts';
import { decideAt } from '../../../../test/support/workspace/decisions.ts';
import {
  classOf,
  factsOf,
  instanceOf,
  launchOf,
  statusOf,
} from '../../../../test/support/workspace/facts.ts';
import { createSurroundings, type Surroundings } from '../../../../test/support/workspace/workspaceDeps.ts';
import { FINALIZER } from '../../../api/base/meta.ts';
import type { WorkspaceStatus } from '../../../api/kinds/workspace.ts';
import { ApiError, TransportError } from '../../../controller/client/errors.ts';
import { LeaseLostError } from '../../../controller/lease/leadership.ts';
import { createMemory } from '../context/memory.ts';
import type { Decision } from '../decide/facts/decision.ts';
import { eventOf } from '../decide/facts/decision.ts';
import type { Effect } from '../decide/facts/view.ts';
import { act } from './act.ts';

const terminate: Effect = { kind: 'TerminateInstances', ids: ['i-0'] };

function setUp(status: WorkspaceStatus = statusOf(), finalizers = [FINALIZER]) {
  const around = createSurroundings();
  const workspace = around.store(factsOf({ status, metadata: { finalizers } }).workspace);
  const memory = createMemory();
  const perform = (decision: Partial<Decision>) =>
    act(
      around.deps,
      memory,
      workspace,
      { status: workspace.status ?? statusOf(), events: [], ...decision },
      'term-1',
      around.context,
    );
  return { ...around, workspace, memory, perform, mine: memory.of('default/ada', workspace.metadata.uid) };
}

const ended = () => statusOf({ provisions: 2, terminating: [{ number: 1, instanceID: 'i-0' }] });
const whatOf = ({ sent }: Pick<Surroundings, 'sent'>) => sent.map(({ what }) => what);
const conflict = () => {
  throw new ApiError('PATCH', '/status', { status: 409, body: { kind: 'Status', reason: 'Conflict' } });
};

describe('the status comes first', () => {
  test('it is written with the version that was decided from, then the effect goes out, then it looks again at once', async () => {
    const scene = setUp();
    const requeue = await scene.perform({ status: ended(), effect: terminate });
    expect(whatOf(scene)).toEqual(['patch status', 'TerminateInstances']);
    expect(scene.sent[0]?.body).toEqual({
      metadata: { resourceVersion: scene.workspace.metadata.resourceVersion },
      status: {
        provisions: 2,
        terminating: [{ number: 1, instanceID: 'i-0' }],
        mac: expect.stringMatching(/^m1\./),
      },
    });
    expect(requeue).toBe(0);
  });

  test('a refused write means no effect and no event', async () => {
    const scene = setUp();
    scene.refuseWrites(conflict);
    const event = eventOf('Ready', '');
    const pass = scene.perform({
      status: ended(),
      effect: terminate,
      events: [event],
      settled: true,
    });
    await expect(pass).rejects.toBeInstanceOf(ApiError);
    expect(whatOf(scene)).toEqual(['patch status']);
    expect(scene.events).toEqual([]);
    expect(scene.mine.wroteInTerm).toBeUndefined();
  });

  test('an object that is gone is no error: nothing is done, and it is looked at again until the cache knows', async () => {
    const scene = setUp();
    scene.refuseWrites(() => {
      throw new ApiError('PATCH', '/x', { status: 404, body: { kind: 'Status', reason: 'NotFound' } });
    });
    const event = eventOf('Ready', '');
    expect(await scene.perform({ status: ended(), effect: terminate, events: [event] })).toBe(1_000);
    expect(whatOf(scene)).toEqual(['patch status']);
    expect(scene.events).toEqual([]);
    expect(scene.mine.wroteInTerm).toBeUndefined();
  });

  test('an unchanged status is not written, and its effect goes out all the same', async () => {
    const scene = setUp();
    await scene.perform({ effect: terminate });
    expect(whatOf(scene)).toEqual(['TerminateInstances']);
    expect(scene.mine.wroteInTerm).toBeUndefined();
  });

  test('a steady pass sends nothing and waits for nothing', async () => {
    const scene = setUp();
    expect(await scene.perform({})).toBeUndefined();
    expect(scene.sent).toEqual([]);
  });

  test('the store holds what was written, and the term that wrote it is remembered', async () => {
    const scene = setUp();
    await scene.perform({ status: ended() });
    expect(scene.deps.workspaces.get('default/ada')?.status?.provisions).toBe(2);
    expect(scene.mine.wroteInTerm).toBe('term-1');
  });

  test('a status that the API server stores otherwise than written is an error, and nothing is done', async () => {
    const scene = setUp();
    const { mergePatch } = scene.deps.kube;
    scene.deps.kube.mergePatch = async (resource, target, patch, options) => {
      const { status, ...rest } = patch as { status: Record<string, unknown> };
      const { provisions: _, ...kept } = status;
      return mergePatch(resource, target, { ...rest, status: kept }, options);
    };
    await expect(scene.perform({ status: ended(), effect: terminate })).rejects.toThrow(
      /status\.provisions.*crds\//,
    );
    expect(whatOf(scene)).toEqual(['patch status']);
  });
});

describe('without the lease nothing is sent', () => {
  const losses: [string, (scene: Surroundings) => void][] = [
    [
      'it is not held',
      ({ lease }) => {
        lease.heldNow = false;
      },
    ],
    [
      'it is another term',
      ({ lease }) => {
        lease.term = { id: 'term-2', acquiredAt: 5 };
      },
    ],
  ];
  test.each(losses)('%s: neither the status nor the effect', async (_how, lose) => {
    const scene = setUp();
    lose(scene);
    await expect(scene.perform({ status: ended(), effect: terminate })).rejects.toBeInstanceOf(
      LeaseLostError,
    );
    expect(scene.sent).toEqual([]);
  });

  test.each(losses)('%s between the two: not the effect', async (_how, lose) => {
    const scene = setUp();
    scene.refuseWrites(() => lose(scene));
    const pass = scene.perform({ status: ended(), effect: { kind: 'RemoveFinalizer' } });
    await expect(pass).rejects.toBeInstanceOf(LeaseLostError);
    expect(whatOf(scene)).toEqual(['patch status']);
  });

  test('no effect follows once the pass was given up', async () => {
    const scene = setUp();
    scene.abort.abort();
    await expect(scene.perform({ status: ended(), effect: terminate })).rejects.toThrow(/given up/);
    expect(scene.sent).toEqual([]);
  });
});

describe('finalizers', () => {
  test('ours is added to those of others, in the version that the status was written in', async () => {
    const scene = setUp(statusOf(), ['other']);
    await scene.perform({ status: ended(), effect: { kind: 'AddFinalizer' } });
    expect(whatOf(scene)).toEqual(['patch status', 'patch object']);
    expect(scene.sent[1]?.body).toEqual({
      metadata: { resourceVersion: '101', finalizers: ['other', FINALIZER] },
    });
  });

  test('ours alone is removed', async () => {
    const scene = setUp(statusOf(), ['other', FINALIZER]);
    await scene.perform({ effect: { kind: 'RemoveFinalizer' } });
    expect(scene.sent[0]?.body).toMatchObject({ metadata: { finalizers: ['other'] } });
  });

  test('an object that is gone already needs none removed, but lacks one to add to', async () => {
    const scene = setUp();
    scene.refuseWrites(() => {
      throw new ApiError('PATCH', '/x', { status: 404 });
    });
    await expect(scene.perform({ effect: { kind: 'RemoveFinalizer' } })).resolves.toBeUndefined();
    await expect(scene.perform({ effect: { kind: 'AddFinalizer' } })).rejects.toBeInstanceOf(ApiError);
  });
});

describe('a decision’s events are emitted once it is on record', () => {
  test('events are about the version that was written', async () => {
    const scene = setUp();
    const event = eventOf('SecretMissing', 'Secret "a" not found.');
    await scene.perform({ status: ended(), events: [event] });
    expect(scene.events).toEqual([
      expect.objectContaining({
        type: 'Warning',
        reason: 'SecretMissing',
        note: 'Secret "a" not found.',
        regarding: expect.objectContaining({ name: 'ada', resourceVersion: '101' }),
      }),
    ]);
  });
});

describe('look-ups are asked for', () => {
  const followedWith = async (status: WorkspaceStatus) => {
    const scene = setUp(status);
    await scene.perform({ status });
    return scene.followed.get(scene.workspace.metadata.uid);
  };

  test('for nothing in steady state', async () => {
    expect(await followedWith(statusOf())).toEqual([]);
  });

  test.each([
    ['booting', statusOf({ launch: launchOf({ readyAt: undefined }) }), ['i-1']],
    ['not to be seen', statusOf({ instance: { id: 'i-1', state: 'Unknown' } }), ['i-1']],
    ['ending', statusOf({ terminating: [{ number: 1, instanceID: 'i-0' }] }), ['i-0']],
  ])('for what is %s', async (_what, status, ids) => {
    expect(await followedWith(status)).toEqual(ids);
  });

  test('for a vanished instance, which a decision shows as Unknown', async () => {
    const { status } = decideAt(factsOf({ instances: [instanceOf(1, 'running', { missing: true })] }));
    expect(await followedWith(status)).toEqual(['i-1']);
  });
});

describe('what is taken from the others of a class', () => {
  const claim = { slot: true, room: false, contents: [] };

  function crowd() {
    const scene = setUp(serving(0));
    scene.deps.classes.applyWrite(classOf({ rollout: { maxUnavailable: '1' } }));
    const other = { ...scene.workspace, metadata: { ...scene.workspace.metadata, name: 'bob', uid: 'bob' } };
    return { ...scene, other: scene.store(other) };
  }

  test('is taken before the write, so that two who decide at once do not both go', async () => {
    const scene = crowd();
    expect(scene.deps.fleet.take(scene.other, claim)).toBe(true);
    expect(await scene.perform({ status: ended(), effect: terminate, claim })).toBe(0);
    expect(whatOf(scene)).toEqual([]);
  });

  test('is given back when the write was refused, or not sent', async () => {
    for (const leads of [true, false]) {
      const scene = crowd();
      scene.refuseWrites(conflict);
      scene.lease.heldNow = leads;
      await expect(scene.perform({ status: ended(), claim })).rejects.toThrow();
      expect(scene.deps.fleet.take(scene.other, claim)).toBe(true);
    }
  });

  test('is held while the write’s outcome is unknown', async () => {
    const scene = crowd();
    scene.refuseWrites(() => {
      throw new TransportError('TIMEOUT', 'PATCH', '/status', 'no answer');
    });
    await expect(scene.perform({ status: ended(), claim })).rejects.toBeInstanceOf(TransportError);
    expect(scene.deps.fleet.take(scene.other, claim)).toBe(false);
  });
});
