import { expect, test } from 'vitest';
import type { KubeClient, KubeObject } from '../../controller/client/client.ts';
import { ApiError } from '../../controller/client/errors.ts';
import { systemRandom } from '../../controller/lib/random.ts';
import { createKeyRing, KEY_KINDS, loadKeyEntries, newKeyID } from './keys.ts';

const WHERE = { namespace: 'operator', name: 'workspace-keys' };

type SecretObject = KubeObject & { data?: Record<string, string> };

/** Only what loadKeyEntries calls; `beforeCreate` lets another replica be first. */
function fakeKube(
  initial?: Record<string, string>,
  beforeCreate?: (kube: { secret?: SecretObject }) => void,
) {
  const state: { secret?: SecretObject; creates: number } = { creates: 0 };
  const metadata = { ...WHERE, uid: 'u', resourceVersion: '1' };
  if (initial) state.secret = { metadata, data: initial };
  const failure = (status: number, reason: string) =>
    new ApiError('GET', '/api/v1/namespaces/operator/secrets/workspace-keys', {
      status,
      body: { kind: 'Status', reason },
    });
  const kube = {
    get: async () => {
      if (!state.secret) throw failure(404, 'NotFound');
      return state.secret;
    },
    create: async (_resource: unknown, body: { data: Record<string, string> }) => {
      state.creates += 1;
      beforeCreate?.(state);
      if (state.secret) throw failure(409, 'AlreadyExists');
      state.secret = { metadata, data: body.data };
      return state.secret;
    },
  } as unknown as KubeClient;
  return { kube, state };
}

async function loadKeyRing(...args: Parameters<typeof loadKeyEntries>) {
  return createKeyRing(await loadKeyEntries(...args), 'the test');
}

const key = () => systemRandom.bytes(32).toString('base64');

test('the first start makes the keys, every later one reads them', async () => {
  const { kube, state } = fakeKube();
  const first = await loadKeyRing(kube, WHERE, systemRandom);
  const second = await loadKeyRing(kube, WHERE, systemRandom);
  expect(state.creates).toBe(1);
  for (const kind of ['digest', 'ticket', 'session'] as const) {
    expect(first.current(kind).key).toHaveLength(32);
    expect(second.current(kind)).toEqual(first.current(kind));
  }
});

test('a process that may not make the keys creates nothing, and takes them once they are there', async () => {
  const { kube, state } = fakeKube();
  await expect(loadKeyEntries(kube, WHERE, systemRandom, KEY_KINDS, 'wait')).rejects.toThrow(
    "Secret operator/workspace-keys isn't there yet",
  );
  expect(state.creates).toBe(0);
  const made = await loadKeyEntries(kube, WHERE, systemRandom);
  expect(await loadKeyEntries(kube, WHERE, systemRandom, KEY_KINDS, 'wait')).toEqual(made);
});

test('a key made again never bears the id of one that was lost', async () => {
  const ids = async () => (await loadKeyEntries(fakeKube().kube, WHERE, systemRandom)).map(({ id }) => id);
  const all = [...(await ids()), ...(await ids())];
  expect(new Set(all).size).toBe(6);
  for (const id of all) expect(id).toMatch(/^k1x[0-9a-f]{8}$/);
  expect(newKeyID(99_999, systemRandom).length).toBeLessThanOrEqual(16);
});

test('who comes second takes the keys of who was first', async () => {
  const theirs = { 'digest.k1': key(), 'ticket.k1': key(), 'session.k1': key() };
  const { kube } = fakeKube(undefined, (state) => {
    state.secret = { metadata: { ...WHERE, uid: 'u', resourceVersion: '1' }, data: theirs };
  });
  const ring = await loadKeyRing(kube, WHERE, systemRandom);
  expect(ring.current('digest').key.toString('base64')).toBe(theirs['digest.k1']);
});

test('the newest key is current by number, and old ones stay', async () => {
  const data = {
    'digest.k2': key(),
    'digest.k10': key(),
    'digest.k9x00000000': key(),
    'ticket.k1': key(),
    'session.k1': key(),
  };
  const ring = await loadKeyRing(fakeKube(data).kube, WHERE, systemRandom);
  expect(ring.current('digest').id).toBe('k10');
  expect(ring.get('digest', 'k2')?.toString('base64')).toBe(data['digest.k2']);
  expect(ring.get('ticket', 'k2')).toBeUndefined();
});

test('between two keys of one number every process chooses alike', async () => {
  const [a, b] = [{ 'digest.k2x0000000a': key() }, { 'digest.k2x0000000b': key() }];
  const rest = { 'ticket.k1': key(), 'session.k1': key() };
  for (const data of [
    { ...a, ...b, ...rest },
    { ...b, ...a, ...rest },
  ]) {
    const ring = await loadKeyRing(fakeKube(data).kube, WHERE, systemRandom);
    expect(ring.current('digest').id).toBe('k2x0000000b');
  }
});

test.each<[string, Record<string, string>, string]>([
  ['lacks a kind', { 'digest.k1': key(), 'ticket.k1': key() }, 'has no session key'],
  [
    'holds a short key',
    { 'digest.k1': 'YQ==', 'ticket.k1': key(), 'session.k1': key() },
    'digest.k1 has 1 bytes instead of 32',
  ],
])('a Secret that %s is refused, never repaired', async (_name, data, message) => {
  const { kube, state } = fakeKube(data);
  const error = await loadKeyRing(kube, WHERE, systemRandom).catch((e: unknown) => String(e));
  expect(error).toContain(`Secret operator/workspace-keys`);
  expect(error).toContain(message);
  expect(error).not.toContain(data['ticket.k1']);
  expect(state.creates).toBe(0);
});

test('an API server that refuses is not taken for a missing Secret', async () => {
  const kube = {
    get: async () => {
      throw new ApiError('GET', '/x', { status: 403, body: { kind: 'Status', reason: 'Forbidden' } });
    },
  } as unknown as KubeClient;
  await expect(loadKeyRing(kube, WHERE, systemRandom)).rejects.toThrow('403');
});
