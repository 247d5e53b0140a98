import { beforeEach, describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../../../test/support/base/virtualClock.ts';
import type { SecretData } from '../../../api/environment/environment.ts';
import { SecretRefused } from '../../../api/environment/secretTypes.ts';
import { createStore } from '../../../controller/cache/store.ts';
import type { KubeObject } from '../../../controller/client/client.ts';
import { createSecretReads, KEEP_MS } from './secretReads.ts';
import { createShelf } from './shelf.ts';

interface Asked {
  answer(value: string, bytes?: number): void;
  fail(error: Error): void;
}

function setUp() {
  const clock = createVirtualClock();
  const secrets = createStore<KubeObject>();
  const asked: Asked[] = [];
  const reads = createSecretReads({
    secrets,
    clock,
    readSecret: () =>
      new Promise<SecretData>((resolve, reject) => {
        asked.push({
          answer: (value, bytes = 0) =>
            resolve(new Map([['KEY', Buffer.concat([Buffer.from(value), Buffer.alloc(bytes)])]])),
          fail: reject,
        });
      }),
  });
  const show = (resourceVersion: string, name = 's') =>
    secrets.applyWrite({ metadata: { name, namespace: 'a', uid: `uid-${name}`, resourceVersion } });
  const read = async (name = 's') => String((await reads.read('a', name))?.get('KEY'));
  show('1');
  return { clock, reads, secrets, asked, show, read };
}

test('a shelf drops what is on it at its time, each at its own', async () => {
  const clock = createVirtualClock();
  const dropped: string[] = [];
  const shelf = createShelf<string>(clock, 100, (value) => dropped.push(value));
  shelf.put('a', 'first');
  await clock.advance(60);
  shelf.put('b', 'second');
  await clock.advance(40);
  expect(dropped).toEqual(['first']);
  await clock.advance(60);
  expect(dropped).toEqual(['first', 'second']);
  expect(clock.pending()).toBe(0);
});

describe('the content of a Secret', () => {
  let scene: ReturnType<typeof setUp>;
  beforeEach(() => {
    scene = setUp();
  });

  test('is read once for all who share it at one version, while the read is under way and after', async () => {
    const { read, asked } = scene;
    const all = Array.from({ length: 100 }, () => read());
    asked[0]?.answer('first');
    expect(new Set(await Promise.all(all))).toEqual(new Set(['first']));
    expect(await read()).toBe('first');
    expect(asked.length).toBe(1);
  });

  test('that a read under way may lack is read again by who saw the change', async () => {
    const { read, asked, show } = scene;
    const before = read();
    show('2');
    const since = read();
    asked[1]?.answer('second');
    asked[0]?.answer('first');
    expect(await since).toBe('second');
    expect(await before).toBe('first');
    expect(await read()).toBe('second');
    expect(asked.length).toBe(2);
  });

  test('is read again once the cache showed a change, also where it then shows what it showed before', async () => {
    const { secrets, read, asked, show } = scene;
    const ahead = read('new');
    asked[0]?.answer('first');
    expect(await ahead).toBe('first');
    show('2', 'new');
    secrets.applyDelete({ metadata: { name: 'new', namespace: 'a', uid: 'uid-new', resourceVersion: '3' } });
    const since = read('new');
    asked[1]?.answer('none');
    expect(await since).toBe('none');
  });

  test('that could not be read is asked for again; one that is refused is refused to all', async () => {
    const { read, asked } = scene;
    const failed = read();
    asked[0]?.fail(new Error('away'));
    await expect(failed).rejects.toThrow('away');
    const refused = read();
    asked[1]?.fail(new SecretRefused('Secret "s" has a type'));
    await expect(refused).rejects.toThrow(SecretRefused);
    await expect(read()).rejects.toThrow(SecretRefused);
    expect(asked.length).toBe(2);
  });

  test('is dropped soon, even if no one asks again', async () => {
    const { read, asked, clock, reads } = scene;
    const first = read();
    asked[0]?.answer('first');
    await first;
    await clock.advance(KEEP_MS);
    void reads.read('a', 's');
    expect(asked.length).toBe(2);
  });

  test('is let go of sooner where there is much of it', async () => {
    const { reads, asked, show } = scene;
    show('1', 'other');
    for (const name of ['s', 'other']) {
      const whole = reads.read('a', name);
      asked.at(-1)?.answer(name, 20_000_000);
      await whole;
    }
    await reads.read('a', 'other');
    void reads.read('a', 's');
    expect(asked.length).toBe(3);
  });
});
