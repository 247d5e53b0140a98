import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createCanary, findCanary } from '../../../../test/support/base/canary.ts';
import { factsOf, statusOf } from '../../../../test/support/workspace/facts.ts';
import { createSurroundings, type Surroundings } from '../../../../test/support/workspace/workspaceDeps.ts';
import { mergeEnvironment } from '../../../api/environment/environment.ts';
import type { KubeObject, Resource } from '../../../controller/client/client.ts';
import { ApiError } from '../../../controller/client/errors.ts';
import { createMemory } from '../context/memory.ts';
import { readSecret } from './readSecret.ts';
import { changedNames, observeEnvironment, readContents, trackBase } from './secrets.ts';

const twoSecrets = [{ secretRef: { name: 'ada-env' } }, { secretRef: { name: 'extra', optional: true } }];

const readOne =
  ({ deps }: Pick<Surroundings, 'deps'>) =>
  (name: string) =>
    deps.secretReads.read('default', name);

function setUp(keys: readonly string[] = ['k1']) {
  const around = createSurroundings({ keys });
  const mine = createMemory().of('default/ada', 'uid-1');
  return {
    ...around,
    mine,
    observe: (spec: Record<string, unknown> = {}, status = statusOf()) =>
      observeEnvironment(
        around.deps,
        factsOf({ spec: { envFrom: twoSecrets, ...spec }, status }).workspace,
        mine,
      ),
    reads: () => around.sent.filter(({ what }) => what.startsWith('get secrets')).length,
  };
}

describe('the environment', () => {
  test('is read once for each version of what it is merged from', async () => {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { KEY: 'a' });
    const first = await scene.observe();
    const reads = scene.reads();
    expect(await scene.observe()).toEqual(first);
    expect(scene.reads()).toBe(reads);
    scene.storeSecret('ada-env', '2', { KEY: 'b' });
    expect(await scene.observe()).not.toEqual(first);
    expect(scene.reads()).toBeGreaterThan(reads);
  });

  test('saved again with the same content has the same digest', async () => {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { KEY: 'a', OTHER: 'b' });
    const first = await scene.observe();
    scene.storeSecret('ada-env', '2', { OTHER: 'b', KEY: 'a' });
    expect(await scene.observe()).toEqual(first);
  });

  test('a required Secret that is missing is named; an optional one is not missed, and counts once it is there', async () => {
    const scene = setUp();
    expect(await scene.observe()).toEqual({ kind: 'Missing', secrets: ['ada-env'] });
    scene.storeSecret('ada-env', '1', { KEY: 'a' });
    const without = await scene.observe();
    expect(without.kind).toBe('Merged');
    scene.storeSecret('extra', '5', { MORE: 'x' });
    expect(await scene.observe()).not.toEqual(without);
  });

  test('one that vanished between the watch and the read is missing', async () => {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { KEY: 'a' });
    scene.secretData.clear();
    expect(await scene.observe()).toEqual({ kind: 'Missing', secrets: ['ada-env'] });
  });

  test('a read that fails is no content, and the one before it stays what is known', async () => {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { KEY: 'a' });
    await scene.observe();
    const known = scene.mine.environment;
    scene.storeSecret('ada-env', '2', { KEY: 'b' });
    scene.deps.kube.get = () => Promise.reject(new ApiError('GET', '/secrets/ada-env', { status: 500 }));
    await expect(scene.observe()).rejects.toBeInstanceOf(ApiError);
    expect(scene.mine.environment).toBe(known);
  });

  test('leaves out keys that are no variable names, and says which', async () => {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { 'bad-key': 'a', GOOD: 'b' });
    expect(await scene.observe()).toMatchObject({
      leftOut: [{ source: 'ada-env/bad-key', why: 'NotAName' }],
    });
  });

  test('a key named like a property of every object is a variable like any other', async () => {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', JSON.parse('{"__proto__":"a","constructor":"b"}'));
    const data = await readSecret(scene.deps.kube, 'default', 'ada-env');
    expect([...(data?.keys() ?? [])].sort()).toEqual(['__proto__', 'constructor']);
  });

  test('what never reaches the instance changes no digest: an upgrade that adds a rule replaces nothing', () => {
    const huge = Buffer.alloc(131_072, 'x');
    const fits = Buffer.alloc(131_072 - 'FITS=\0'.length, 'x');
    const data = new Map([
      ['HUGE', huge],
      ['FITS', fits],
      ['NUL', Buffer.from('a\0b')],
    ]);
    const spec = {
      envFrom: [{ secretRef: { name: 's', optional: false } }],
      env: [{ name: 'PLAIN', value: 'a\0b' }],
    };
    const merged = mergeEnvironment(spec, new Map([['s', data]]));
    expect([...merged.variables.keys()]).toEqual(['HUGE', 'FITS', 'PLAIN']);
    expect([...merged.served.keys()]).toEqual(['FITS']);
    expect(merged.leftOut).toEqual([
      { source: 'env/PLAIN', why: 'HoldsNul' },
      { source: 's/HUGE', why: 'TooLong' },
      { source: 's/NUL', why: 'HoldsNul' },
    ]);
  });

  test('of values nothing is kept', async () => {
    const canary = createCanary();
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { KEY: canary });
    const fact = await scene.observe();
    trackBase(scene.mine, undefined, 'k1:x');
    const kept = inspect([fact, scene.mine], { depth: 20, maxStringLength: null });
    expect(findCanary(canary, kept)).toEqual([]);
  });
});

describe('what changed is named', () => {
  async function changing(after: Record<string, string> | undefined, spec: Record<string, unknown> = {}) {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { KEY: 'a', OLD: 'x' });
    await scene.observe({ env: [{ name: 'EDITOR', value: 'vim' }] });
    trackBase(scene.mine, 'k1:a', 'k1:a');
    if (after) scene.storeSecret('ada-env', '2', after);
    await scene.observe({ env: [{ name: 'EDITOR', value: 'vim' }], ...spec });
    trackBase(scene.mine, 'k1:a', 'k1:b');
    const { changed: names, plain } = changedNames(scene.mine);
    return { scene, names, plain };
  }

  test('by Secret and key: what is new or another, and with a minus what is gone', async () => {
    const { names } = await changing({ KEY: 'b', NEW: 'y' });
    expect(names).toEqual(['-ada-env/OLD', 'ada-env/KEY', 'ada-env/NEW']);
  });

  test('plain variables as such', async () => {
    const nano = await changing(undefined, { env: [{ name: 'EDITOR', value: 'nano' }] });
    expect(nano).toMatchObject({ names: ['env/EDITOR'], plain: true });
    expect(await changing(undefined, { env: [] })).toMatchObject({ names: ['-env/EDITOR'], plain: true });
    const both = await changing({ KEY: 'b', OLD: 'x' }, { env: [] });
    expect(both).toMatchObject({ names: ['-env/EDITOR', 'ada-env/KEY'], plain: false });
  });

  test('a Secret named env is a Secret', async () => {
    const scene = setUp();
    const envFrom = [{ secretRef: { name: 'env' } }];
    scene.storeSecret('env', '1', { KEY: 'a' });
    await scene.observe({ envFrom });
    trackBase(scene.mine, 'k1:a', 'k1:a');
    scene.storeSecret('env', '2', { KEY: 'b' });
    await scene.observe({ envFrom });
    expect(changedNames(scene.mine)).toEqual({ changed: ['env/KEY'], plain: false });
  });

  test('against what is on record: once a change was counted, only what came after it', async () => {
    const { scene } = await changing({ KEY: 'b', OLD: 'x' });
    scene.storeSecret('ada-env', '3', { KEY: 'b', OLD: 'z' });
    await scene.observe({ env: [{ name: 'EDITOR', value: 'vim' }] });
    trackBase(scene.mine, 'k1:b', 'k1:c');
    expect(changedNames(scene.mine).changed).toEqual(['ada-env/OLD']);
  });

  test('not at all by a process that never saw what is on record', async () => {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { KEY: 'a' });
    await scene.observe();
    trackBase(scene.mine, 'k1:other', 'k1:a');
    expect(changedNames(scene.mine).changed).toEqual([]);
  });
});

describe('what tenants and instances send causes no needless read', () => {
  test('no Secret is read while no class lets the Workspace have an instance', async () => {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { KEY: 'a' });
    const { workspace } = factsOf({ spec: { envFrom: twoSecrets } });
    expect(await observeEnvironment(scene.deps, workspace, scene.mine, false)).toEqual({ kind: 'Unread' });
    expect(scene.reads()).toBe(0);
  });

  test('key ids that an instance makes up have no Secret read again, and few questions asked', async () => {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { KEY: 'a' });
    await scene.observe();
    const reads = scene.reads();
    let questions = 0;
    scene.deps.keys = {
      ...scene.deps.keys,
      isGone: async () => {
        questions += 1;
        return true;
      },
    };
    for (let i = 0; i < 100; i += 1) {
      const env = `k9x${i}:${'0'.repeat(64)}`;
      scene.launches.splice(0, 9, { uid: 'uid-1', number: 1, fresh: true, reports: 0, env });
      expect((await scene.observe()).kind).toBe('Merged');
      await scene.observe();
    }
    expect(scene.reads()).toBe(reads);
    expect(questions).toBe(4);
    expect(scene.mine.goneKeys?.size).toBe(4);
  });

  test.each([
    ['a ServiceAccount', 'kubernetes.io/service-account-token'],
    ['a node that joins', 'bootstrap.kubernetes.io/token'],
  ])('a token of %s is refused, optional or not, and read once', async (_name, type) => {
    const scene = setUp();
    scene.storeSecret('ada-env', '1', { KEY: 'a' });
    scene.storeSecret('extra', '1', { token: 'CANARY' });
    const { get } = scene.deps.kube;
    scene.deps.kube.get = async <T extends KubeObject>(
      resource: Resource,
      name: string,
      namespace?: string,
    ) => {
      const found = await get<T>(resource, name, namespace);
      return name === 'extra' ? { ...found, type } : found;
    };
    const fact = await scene.observe();
    expect(fact).toEqual({
      kind: 'Unusable',
      reason: 'SecretRefused',
      message: expect.stringContaining(`Secret "extra" is of type ${type}`),
    });
    expect(inspect([fact, scene.mine], { depth: 9 })).not.toContain('CANARY');
    const reads = scene.reads();
    expect(await scene.observe()).toEqual(fact);
    expect(scene.reads()).toBe(reads);
  });

  test('an environment beyond the limit is none: the Workspace, both sizes and the next step are named', async () => {
    const scene = setUp();
    scene.deps.mostEnvironmentBytes = 100;
    scene.storeSecret('ada-env', '1', { KEY: 'x'.repeat(100) });
    const message = expect.stringMatching(
      /Workspace "default\/ada" has 104 bytes, and at most 100 .*gateway\.maxEnvironmentBytes/,
    );
    expect(await scene.observe()).toEqual({ kind: 'Unusable', reason: 'EnvironmentTooLarge', message });
    // What a later Secret overrides does not count.
    scene.storeSecret('extra', '1', { KEY: 'short' });
    expect((await scene.observe()).kind).toBe('Merged');
  });

  test('reading them one after the other merges to what all at once do', async () => {
    const scene = setUp();
    const first = { KEY: 'a', OVER: 'first', 'no-name': 'x', NUL: 'kept' };
    const second = { OVER: 'second', NUL: 'a\0b', PLAIN: 'lost' };
    scene.storeSecret('ada-env', '1', first);
    scene.storeSecret('extra', '1', second);
    const envFrom = [...twoSecrets, { secretRef: { name: 'ada-env' } }];
    const env = [{ name: 'PLAIN', value: 'wins' }];
    const { workspace } = factsOf({ spec: { envFrom, env } });
    const whole = new Map(
      Object.entries({ 'ada-env': first, extra: second }).map(([name, data]) => [
        name,
        new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value)])),
      ]),
    );
    const contents = await readContents(scene.deps, workspace, readOne(scene));
    if ('kind' in contents) throw new Error('it is small');
    const [one, all] = [contents, whole].map((it) => mergeEnvironment(workspace.spec, it));
    expect(new Map([...(one?.variables ?? [])].sort())).toEqual(new Map([...(all?.variables ?? [])].sort()));
    expect(one?.leftOut).toEqual(all?.leftOut);
    expect(one?.sources.get('OVER')).toBe(all?.sources.get('OVER'));
  });

  test('values that the instance is never given are kept apart: a console is searched for them too', async () => {
    const scene = createSurroundings();
    scene.storeSecret('ada-env', '1', { OVER: 'overridden', 'no-name': 'unnamed', NUL: 'with\0nul' });
    scene.storeSecret('extra', '1', { OVER: 'given' });
    const envFrom = ['ada-env', 'extra'].map((name) => ({ secretRef: { name } }));
    const { workspace } = factsOf({ spec: { envFrom } });
    const aside: Buffer[] = [];
    const contents = await readContents(scene.deps, workspace, readOne(scene), (value) => aside.push(value));
    if ('kind' in contents) throw new Error('it is small');
    expect(aside.map(String).sort()).toEqual(['overridden', 'unnamed', 'with\0nul']);
  });
});
