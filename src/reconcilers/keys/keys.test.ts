import { describe, expect, test } from 'vitest';
import { monoMs } from '../../../test/support/base/moments.ts';
import { recordingLogger } from '../../../test/support/base/silentLogger.ts';
import { createStore } from '../../controller/cache/store.ts';
import type { KubeObject } from '../../controller/client/client.ts';
import { systemRandom } from '../../controller/lib/random.ts';
import { entryName, KEY_KINDS, type KeyEntry } from '../../gateway/access/keys.ts';
import { createLiveKeyRing, FORGET_KEYS } from '../../gateway/access/liveKeys.ts';
import { ROTATE_KEYS, ROTATED_KEYS } from './keep.ts';
import { createKeysReconciler } from './keys.ts';

const WHERE = { namespace: 'operator', name: 'workspace-keys' };
const FIRST = KEY_KINDS.map((kind): KeyEntry => ({ kind, number: 1, id: 'k1', key: systemRandom.bytes(32) }));
type SecretObject = KubeObject & { data: Record<string, string> };

/** The Secret as the API server has it, a ring that knew it from the start, and the loop that keeps it. */
function setUp(entries: readonly KeyEntry[] = FIRST, annotations: Record<string, string> = {}) {
  const { logger, lines } = recordingLogger();
  const store = createStore<KubeObject>();
  const events: { type: string; reason: string; note: string }[] = [];
  const state = { held: true, writes: 0, version: 1 };
  let secret: SecretObject | undefined;

  function put(data: Record<string, string>, next: Record<string, string> = {}): SecretObject {
    state.version += 1;
    const metadata = { ...WHERE, uid: 'u', resourceVersion: String(state.version), annotations: next };
    secret = structuredClone({ metadata, data });
    store.applyWrite(structuredClone(secret));
    return secret;
  }
  const kube = {
    async create<T extends KubeObject>(
      _r: unknown,
      body: unknown,
      _n?: string,
      options?: { beforeSend?(): void },
    ) {
      options?.beforeSend?.();
      state.writes += 1;
      return put((body as SecretObject).data) as unknown as T;
    },
    async mergePatch<T extends KubeObject>(
      _r: unknown,
      _t: unknown,
      patch: unknown,
      options?: { beforeSend?(): void },
    ) {
      options?.beforeSend?.();
      const { metadata, data } = patch as SecretObject;
      expect(metadata.resourceVersion).toBe(secret?.metadata.resourceVersion);
      state.writes += 1;
      const merged = { ...secret?.metadata.annotations, ...metadata.annotations };
      return put({ ...secret?.data, ...data }, merged) as unknown as T;
    },
  };
  const encode = (some: readonly KeyEntry[]) =>
    Object.fromEntries(some.map((entry) => [entryName(entry), entry.key.toString('base64')]));
  put(encode(entries), annotations);
  const keys = createLiveKeyRing({
    kube: { get: () => Promise.reject(new Error('not asked')) },
    secret: WHERE,
    entries: FIRST,
    logger,
  });
  const term = { id: 't', acquiredAt: monoMs(0) };
  const lease = { held: () => state.held, term: () => (state.held ? term : undefined) };
  const reconcile = createKeysReconciler({
    kube,
    secret: WHERE,
    store,
    keys,
    lease,
    events: { record: (event) => void events.push(event) },
    random: systemRandom,
    kinds: KEY_KINDS,
  });
  return {
    keys,
    state,
    events,
    lines,
    encode,
    put,
    data: () => secret?.data ?? {},
    annotations: () => secret?.metadata.annotations,
    remove() {
      state.version += 1;
      const metadata = { ...WHERE, uid: 'u', resourceVersion: String(state.version) };
      secret = undefined;
      store.applyDelete({ metadata });
    },
    look: () =>
      reconcile('operator/workspace-keys', {
        reconcileID: 'r',
        signal: new AbortController().signal,
        logger,
      }),
  };
}

test('a Secret that holds what is held is left alone', async () => {
  const { look, state } = setUp();
  await look();
  expect(state.writes).toBe(0);
});

describe('a rotation', () => {
  test('makes one key of each kind, current at once here, and keeps the old ones', async () => {
    const { look, state, keys, data, annotations, events } = setUp(FIRST, { [ROTATE_KEYS]: 'spring' });
    await look();
    expect(state.writes).toBe(1);
    expect(Object.keys(data())).toHaveLength(6);
    for (const kind of KEY_KINDS) {
      expect(keys.current(kind).id).toMatch(/^k2x[0-9a-f]{8}$/);
      expect(keys.get(kind, 'k1')).toBeDefined();
    }
    expect(annotations()).toMatchObject({ [ROTATE_KEYS]: 'spring', [ROTATED_KEYS]: 'spring' });
    expect(events).toMatchObject([{ type: 'Normal', reason: 'KeysRotated' }]);
  });

  test('is answered once a value', async () => {
    const { look, state, put, data } = setUp(FIRST, { [ROTATE_KEYS]: 'spring' });
    await look();
    await look();
    expect(state.writes).toBe(1);
    put(data(), { [ROTATE_KEYS]: 'summer', [ROTATED_KEYS]: 'spring' });
    await look();
    await look();
    expect(state.writes).toBe(2);
    expect(Object.keys(data())).toHaveLength(9);
  });

  test('is not asked for by removing the annotation, nor by an empty one', async () => {
    const { look, state } = setUp(FIRST, { [ROTATE_KEYS]: '', [ROTATED_KEYS]: 'spring' });
    await look();
    expect(state.writes).toBe(0);
  });
});

describe('what the Secret lost is put back', () => {
  test('when it was deleted', async () => {
    const { look, remove, data, encode, events } = setUp();
    remove();
    await look();
    expect(data()).toEqual(encode(FIRST));
    expect(events).toMatchObject([{ type: 'Warning', reason: 'KeysRestored' }]);
  });

  test('when it was made again: the new keys stay beside it', async () => {
    const fresh = FIRST.map(
      (entry): KeyEntry => ({ ...entry, id: 'k1x0000000f', key: systemRandom.bytes(32) }),
    );
    const { look, remove, put, data, encode, keys } = setUp();
    remove();
    put(encode(fresh));
    keys.take({
      metadata: { ...WHERE, uid: 'u', resourceVersion: '9' },
      data: encode(fresh),
    } as SecretObject);
    await look();
    expect(data()).toEqual({ ...encode(FIRST), ...encode(fresh) });
  });

  test('when an entry went, was damaged, or is another key now', async () => {
    const { look, put, data, encode } = setUp();
    const [digest, ticket] = FIRST as [KeyEntry, KeyEntry];
    put(
      encode([
        { ...digest, key: systemRandom.bytes(3) },
        { ...ticket, key: systemRandom.bytes(32) },
      ]),
    );
    await look();
    expect(data()).toEqual(encode(FIRST));
  });

  test('not a key that a person named to be forgotten', async () => {
    const { look, put, encode, data, keys } = setUp(FIRST, { [ROTATE_KEYS]: 'leak' });
    await look();
    const { 'session.k1': _leaked, ...rest } = data();
    const left = put(rest, { [ROTATE_KEYS]: 'leak', [ROTATED_KEYS]: 'leak', [FORGET_KEYS]: 'session.k1' });
    keys.take(left);
    await look();
    expect(data()).toEqual(rest);
    expect(encode(keys.entries())).toEqual(rest);
  });
});

test('a replica that does not lead writes nothing', async () => {
  const { look, state } = setUp(FIRST, { [ROTATE_KEYS]: 'spring' });
  state.held = false;
  await look();
  expect(state.writes).toBe(0);
});

test('no key is in a log line or an event', async () => {
  const { look, data, lines, events, remove } = setUp(FIRST, { [ROTATE_KEYS]: 'spring' });
  await look();
  const values = Object.values(data());
  remove();
  await look();
  const said = JSON.stringify([lines, events]);
  expect(said).toContain('keys.rotated');
  expect(said).toContain('keys.restored');
  for (const value of values) expect(said).not.toContain(value);
});
