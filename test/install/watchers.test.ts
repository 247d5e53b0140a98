import { expect, test } from 'vitest';
import { type LeaseSpec, termsOf } from './node/watchers/terms.ts';
import { watched } from './node/watchers/watch.ts';

const BEGAN = Date.parse('2026-01-01T00:00:00Z');
const time = (second: number) => new Date(BEGAN + second * 1_000).toISOString().replace('Z', '000Z');

/** @param acquired s; @param renewed s */
const held = (holderIdentity: string, acquired: number, renewed: number): LeaseSpec => ({
  holderIdentity,
  acquireTime: time(acquired),
  renewTime: time(renewed),
  leaseDurationSeconds: 15,
});
/** As the operator gives it back: `acquireTime` stays. */
const givenBack = (acquired: number, when: number): LeaseSpec => ({
  ...held('', acquired, when),
  leaseDurationSeconds: 1,
});

test.each<[string, LeaseSpec[], number, string[]]>([
  ['renews in time', [held('a', 0, 0), held('a', 0, 2), held('a', 0, 14)], 0, ['a']],
  [
    'gives the lease back, and another takes it',
    [held('a', 0, 2), givenBack(0, 3), held('b', 4.5, 4.5), held('b', 4.5, 6.5)],
    1.5,
    ['a', 'b'],
  ],
  [
    'dies without giving it back: it leads until its last renewal, not until its lease ends',
    [held('a', 0, 2), held('a', 0, 4), held('b', 19.2, 19.2)],
    15.2,
    ['a', 'b'],
  ],
  ['freezes, and renews after its lease ran out', [held('a', 0, 2), held('a', 0, 18)], 16, ['a']],
  ['loses the lease, and takes it again', [held('a', 0, 2), held('a', 9, 9)], 7, ['a']],
  ['gives the lease back between two looks', [held('a', 0, 2), held('b', 4, 4)], 2, ['a', 'b']],
  [
    'gives it back twice',
    [held('a', 0, 2), givenBack(0, 3), givenBack(0, 5), held('b', 6, 6)],
    3,
    ['a', 'b'],
  ],
])('a leader that %s', (_what, states, seconds, holders) => {
  expect(termsOf(states)).toEqual({ longest: seconds * 1_000, holders });
});

test('watchers end where the change that they watch fails', async () => {
  const ended: string[] = [];
  const watcher = (name: string) => ({ end: async () => void ended.push(name), seen: () => name });
  const watching = watched({ one: watcher('one'), two: watcher('two') }, async () => {
    throw new Error('the drain timed out');
  });
  await expect(watching).rejects.toThrow('the drain timed out');
  expect(ended).toEqual(['one', 'two']);
});
