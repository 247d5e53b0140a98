import { describe, expect, test } from 'vitest';
import { monoMs } from '../../../test/support/base/moments.ts';
import { seededRandom } from '../../../test/support/base/seededRandom.ts';
import { recordingLogger } from '../../../test/support/base/silentLogger.ts';
import { createVirtualClock } from '../../../test/support/base/virtualClock.ts';
import type { KubeObject } from '../../controller/client/client.ts';
import { ApiError } from '../../controller/client/errors.ts';
import { entryName, KEY_KINDS, type KeyEntry, readEntries } from '../../gateway/access/keys.ts';
import { createLiveKeyRing } from '../../gateway/access/liveKeys.ts';
import { namespaceKey } from '../../gateway/access/namespaceKeys.ts';
import { createKeyPublisher, MOST_PUBLISHED } from './publish.ts';

const WHERE = { namespace: 'operator', name: 'workspace-keys' };
const random = seededRandom(5);

function entry(kind: KeyEntry['kind'], number: number): KeyEntry {
  return { kind, number, id: `k${number}xf0123abc`, key: random.bytes(32) };
}

type SecretObject = KubeObject & { data: Record<string, string> };

function setUp(number = 1) {
  const { logger, lines } = recordingLogger();
  const entries = KEY_KINDS.map((kind) => entry(kind, number));
  const encoded = entries.map((it) => [entryName(it), it.key.toString('base64')]);
  const state = {
    term: 't1' as string | undefined,
    onGet: () => {},
    writes: 0,
    version: 1,
    refusals: [] as Error[],
    asked: 0,
    isRefusing: false,
  };
  let data: Record<string, string> = Object.fromEntries(encoded);
  const object = (): SecretObject => ({
    metadata: { ...WHERE, uid: 'u', resourceVersion: String(state.version) },
    data: { ...data },
  });
  const kube = {
    async get<T extends KubeObject>() {
      state.asked += 1;
      state.onGet();
      return object() as unknown as T;
    },
    async mergePatch<T extends KubeObject>(
      _r: unknown,
      _t: unknown,
      patch: unknown,
      options?: { beforeSend?(): void },
    ) {
      options?.beforeSend?.();
      const refusal = state.refusals.shift();
      if (refusal) throw refusal;
      if (state.isRefusing) throw forbidden();
      const { metadata, data: more } = patch as SecretObject;
      expect(metadata.resourceVersion).toBe(String(state.version));
      state.writes += 1;
      state.version += 1;
      data = { ...data, ...more };
      return object() as unknown as T;
    },
  };
  const clock = createVirtualClock();
  const keys = createLiveKeyRing({ kube, secret: WHERE, entries, logger });
  let looked = 0;
  keys.onNew(() => void looked++);
  const publish = createKeyPublisher({
    kube,
    secret: WHERE,
    store: { applyWrite: () => true },
    keys,
    lease: {
      held: () => state.term !== undefined,
      term: () => (state.term === undefined ? undefined : { id: state.term, acquiredAt: monoMs(0) }),
    },
    clock,
    random,
    logger,
  });
  const stored = () => new Set(readEntries(object()).entries.map(({ id }) => id));
  return { keys, state, lines, publish, stored, clock, looked: () => looked };
}

const forbidden = () => new ApiError('PATCH', '/secrets/workspace-keys', { status: 403 });
const conflict = () => new ApiError('PATCH', '/secrets/workspace-keys', { status: 409 });
const teams = (count: number) => Array.from({ length: count }, (_, index) => `team-${index}`);

describe('keys of namespaces', () => {
  test('are in the Secret before a caller that needs one goes on, many of them by one write', async () => {
    const scene = setUp();
    await Promise.all(teams(300).map(scene.publish));
    for (const namespace of teams(300))
      expect(scene.stored()).toContain(namespaceKey(scene.keys, namespace).id);
    expect(scene.state.writes).toBeLessThanOrEqual(2);
    await Promise.all(teams(300).map(scene.publish));
    expect(scene.state.writes).toBeLessThanOrEqual(2);
    expect(scene.keys.current('digest').id).toBe('k1xf0123abc');
    expect(scene.looked()).toBe(0);
  });

  test('are written over again when somebody else wrote the Secret in between', async () => {
    const scene = setUp();
    scene.state.refusals.push(conflict(), conflict());
    await scene.publish('mine');
    expect(scene.stored()).toContain(namespaceKey(scene.keys, 'mine').id);
    expect(JSON.stringify(scene.lines)).not.toContain('keys.unpublished');
  });

  test('hold nothing up when they can’t be written, and that is said without them', async () => {
    const scene = setUp();
    scene.state.refusals.push(forbidden());
    await scene.publish('mine');
    const said = JSON.stringify(scene.lines);
    expect(said).toContain('keys.unpublished');
    expect(said).not.toContain(namespaceKey(scene.keys, 'mine').key.toString('base64'));
    await scene.clock.advance(2_000);
    await scene.publish('mine');
    expect(scene.stored()).toContain(namespaceKey(scene.keys, 'mine').id);
  });

  test('are asked for ever more rarely while they can’t be written, warned of once, and all there with the first write', async () => {
    const scene = setUp();
    scene.state.isRefusing = true;
    for (let second = 0; second < 600; second += 1) {
      await Promise.all([scene.publish(`team-${second % 40}`), scene.publish(`other-${second % 40}`)]);
      await scene.clock.advance(1_000);
    }
    const warnings = () => scene.lines.filter(({ event }) => event === 'keys.unpublished');
    expect(scene.state.asked).toBeLessThan(15);
    expect(warnings()).toHaveLength(1);
    scene.state.isRefusing = false;
    await scene.clock.advance(300_000);
    await scene.publish('team-0');
    for (const namespace of [...teams(40), 'other-39'])
      expect(scene.stored()).toContain(namespaceKey(scene.keys, namespace).id);
    expect([scene.state.writes, warnings().length]).toEqual([1, 1]);
  });

  test('are written by the leader alone', async () => {
    const scene = setUp();
    scene.state.term = undefined;
    await scene.publish('mine');
    expect(scene.state.writes).toBe(0);
  });

  test('are not written in a term after the one in which that was decided', async () => {
    const scene = setUp();
    scene.state.onGet = () => {
      scene.state.term = 't2';
    };
    await scene.publish('mine');
    expect(scene.state.writes).toBe(0);
  });

  test('fill no Secret', async () => {
    const scene = setUp();
    await Promise.all(teams(MOST_PUBLISHED + 50).map(scene.publish));
    expect(scene.stored().size).toBe(KEY_KINDS.length - 2 + MOST_PUBLISHED);
    await scene.publish('late');
    expect(scene.stored().size).toBe(KEY_KINDS.length - 2 + MOST_PUBLISHED);
  });
});
