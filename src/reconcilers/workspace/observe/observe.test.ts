import { describe, expect, test } from 'vitest';
import { type Loose, monoMs, wallMs } from '../../../../test/support/base/moments.ts';
import {
  classOf,
  doubtful,
  factsOf,
  launchOf,
  type Overrides,
  statusOf,
} from '../../../../test/support/workspace/facts.ts';
import { createSurroundings } from '../../../../test/support/workspace/workspaceDeps.ts';
import { TAG } from '../../../api/launch/tags.ts';
import { clientToken } from '../../../api/launch/token.ts';
import type { ObservedInstance } from '../../../ec2/calls/port.ts';
import { createMemory } from '../context/memory.ts';
import { observe } from './observe.ts';

const term = { id: 'term-1', acquiredAt: monoMs(0) };

function setUp() {
  const around = createSurroundings();
  around.deps.classes.applyWrite(classOf());
  around.storeSecret('ada-env', '1', { KEY: 'a' });
  const memory = createMemory();
  const unread: string[] = [];
  return {
    ...around,
    memory,
    unread,
    observe: async (overrides: Overrides = {}) => {
      const { workspace } = factsOf(overrides);
      const { facts } = await observe(around.deps, memory, workspace, term, undefined, (what) =>
        unread.push(what),
      );
      return facts;
    },
    show(id: string, tags: Record<string, string>, more: Loose<Partial<ObservedInstance>> = {}) {
      around.instances.push({
        id,
        state: 'running',
        type: 'm7i.large',
        zone: 'a',
        tags,
        clientToken: clientToken('cluster-1', 'uid-1', Number(tags[TAG.number])),
        missing: false,
        ...(more as Partial<ObservedInstance>),
      });
    },
  };
}

const numbered = (number: string) => ({ [TAG.number]: number, [TAG.generation]: '2' });

describe('an instance', () => {
  test('is of the launch that its tags name', async () => {
    const scene = setUp();
    scene.show('i-9', numbered('9'));
    expect((await scene.observe()).instances).toMatchObject([{ id: 'i-9', number: 9, generation: 2 }]);
  });

  test('that carries our tags is none of ours without the token of that launch', async () => {
    const scene = setUp();
    scene.show('i-copy', numbered('9'), { clientToken: clientToken('cluster-1', 'uid-1', 8) });
    expect((await scene.observe()).instances).toEqual([]);
  });

  test('is shown with since when its status checks fail', async () => {
    const scene = setUp();
    scene.show('i-1', numbered('1'), { impaired: { kind: 'system', since: 7 } });
    scene.show('i-2', numbered('2'));
    const { instances } = await scene.observe();
    const impaired = Object.fromEntries(instances.map(({ id, impaired }) => [id, impaired]));
    expect(impaired).toEqual({ 'i-1': { kind: 'system', since: 7 }, 'i-2': undefined });
  });

  test('on record is of the launch that the record names, even if its tags changed', async () => {
    const scene = setUp();
    scene.show('i-1', {});
    scene.show('i-0', numbered('7'), { clientToken: clientToken('cluster-1', 'uid-1', 2) });
    const status = statusOf({
      launch: launchOf({ number: 3, instanceID: 'i-1' }),
      terminating: [{ number: 2, instanceID: 'i-0' }],
    });
    const { instances } = await scene.observe({ status });
    expect(instances.map(({ id, number }) => [id, number]).sort()).toEqual([
      ['i-0', 2],
      ['i-1', 3],
    ]);
  });

  test('that the record names under another number is of the launch that EC2 says', async () => {
    const scene = setUp();
    scene.show('i-2', numbered('2'));
    const status = statusOf({ launch: launchOf({ number: 3, instanceID: 'i-2' }) });
    const { instances } = await scene.observe({ status });
    expect(instances.map(({ id, number }) => [id, number])).toEqual([['i-2', 2]]);
  });

  test.each(['', '0', '-1', '1.5', '1e3', 'abc', '99999999999'])(
    'without a valid launch number (%j) is of no launch: it can’t be shown to be superseded',
    async (number) => {
      const scene = setUp();
      scene.show('i-x', numbered(number));
      expect((await scene.observe()).instances).toEqual([]);
    },
  );

  test('on record that this process never saw speaks by its look-ups alone', async () => {
    const scene = setUp();
    expect((await scene.observe()).instances).toEqual([]);
    scene.deps.cloud.notFound = () => ({ firstAt: monoMs(1), lastAt: monoMs(2) });
    expect((await scene.observe()).instances).toMatchObject([
      { id: 'i-1', number: 1, state: 'Unknown', missing: true, notFound: { firstAt: 1, lastAt: 2 } },
    ]);
  });
});

test('what a status names that was written for another object is none of ours', async () => {
  const scene = setUp();
  scene.show('i-1', numbered('1'));
  scene.deps.cloud.ofWorkspace = () => [];
  const launch = launchOf({ number: 3, instanceID: 'i-1' });
  const status = statusOf({ launch, terminating: [{ number: 2, instanceID: 'i-0' }] });
  expect((await scene.observe({ status })).instances).toHaveLength(1);
  expect((await scene.observe({ status: { ...status, uid: 'uid-0' } })).instances).toEqual([]);
});

describe('a status is suspected of being lost', () => {
  const suspect = async (scene: ReturnType<typeof setUp>, overrides: Overrides = {}) =>
    (await scene.observe(overrides)).process.suspectSince;

  test('not while all is well', async () => {
    const scene = setUp();
    scene.show('i-1', numbered('1'));
    expect(await suspect(scene)).toBeUndefined();
  });

  test('when the finalizer is there and the number is not; from when it was first seen', async () => {
    const scene = setUp();
    const since = scene.clock.monotonic();
    expect(await suspect(scene, { status: undefined })).toBe(since);
    await scene.clock.advance(1000);
    expect(await suspect(scene, { status: undefined })).toBe(since);
  });

  test('not before there is a finalizer: such a Workspace is new', async () => {
    const scene = setUp();
    expect(await suspect(scene, { status: undefined, metadata: { finalizers: [] } })).toBeUndefined();
  });

  test('when an instance has a number above ours', async () => {
    const scene = setUp();
    scene.show('i-5', numbered('5'));
    expect(await suspect(scene)).toBe(scene.clock.monotonic());
  });

  test('when the resourceVersion went back, until it is settled', async () => {
    const scene = setUp();
    await suspect(scene, { metadata: { resourceVersion: '9' } });
    expect(await suspect(scene, { metadata: { resourceVersion: '8' } })).toBeDefined();
    expect(await suspect(scene, { metadata: { resourceVersion: '10' } })).toBeDefined();
  });

  test('when it was written for another object', async () => {
    const scene = setUp();
    expect(await suspect(scene, { status: statusOf({ uid: 'uid-0' }) })).toBeDefined();
    expect(await suspect(setUp(), { status: statusOf({ uid: 'uid-1' }) })).toBeUndefined();
  });

  test('versions are numbers, not texts', async () => {
    const scene = setUp();
    await suspect(scene, { metadata: { resourceVersion: '9' } });
    expect(await suspect(scene, { metadata: { resourceVersion: '10' } })).toBeUndefined();
  });

  test('another object of the same name begins again', async () => {
    const scene = setUp();
    await suspect(scene, { metadata: { resourceVersion: '9' } });
    expect(await suspect(scene, { metadata: { uid: 'uid-2', resourceVersion: '8' } })).toBeUndefined();
  });
});

describe('what this process remembers', () => {
  test('is of this term: a write of an earlier one is no takeover mark', async () => {
    const scene = setUp();
    scene.memory.of('default/ada', 'uid-1').wroteInTerm = 'term-0';
    expect((await scene.observe()).process.wrote).toBe(false);
    scene.memory.of('default/ada', 'uid-1').wroteInTerm = 'term-1';
    expect((await scene.observe()).process.wrote).toBe(true);
  });

  test('since when the launch is not heard, and when its deadline is, by its own clock', async () => {
    const scene = setUp();
    const row = { uid: 'uid-1', number: 1, fresh: false, lastHeartbeatAt: wallMs(1), reports: 0 };
    scene.launches.push(row);
    const at = scene.clock.monotonic();
    const { silence, deadline } = (await scene.observe()).process;
    expect(silence).toMatchObject({ number: 1, since: at });
    await scene.clock.advance(60_000);
    expect((await scene.observe()).process).toMatchObject({ silence, deadline });
    scene.launches.splice(0, 1, { ...row, fresh: true });
    expect((await scene.observe()).process.silence).toBeUndefined();
  });

  test('sends of another number say nothing', async () => {
    const scene = setUp();
    scene.memory.of('default/ada', 'uid-1').sends = { number: 4, count: 1, lastAt: monoMs(5) };
    expect(
      (await scene.observe({ status: statusOf({ launch: doubtful({ number: 5 }) }) })).process.sends,
    ).toBeUndefined();
    const same = await scene.observe({ status: statusOf({ launch: doubtful({ number: 4 }) }) });
    expect(same.process.sends).toMatchObject({ count: 1, lastAt: 5 });
  });
});

describe('what can not be read is unknown, and is said', () => {
  test('Secrets', async () => {
    const scene = setUp();
    scene.deps.kube.get = () => Promise.reject(new Error('no answer'));
    expect((await scene.observe()).environment).toEqual({ kind: 'Unknown' });
    expect(scene.unread).toEqual(['Secrets']);
  });

  test('what user data is made from', async () => {
    const scene = setUp();
    scene.deps.userDataFor = () => Promise.reject(new Error('forbidden'));
    expect((await scene.observe()).userData).toMatchObject({ ok: false, kind: 'unavailable' });
    expect(scene.unread).toEqual(['user data']);
  });

  test('a class that is not there', async () => {
    const scene = setUp();
    const facts = await scene.observe({ spec: { className: 'other' } });
    expect(facts).toMatchObject({ classAllowed: false });
    expect(facts.class).toBeUndefined();
    expect(facts.machine).toBeUndefined();
  });
});
