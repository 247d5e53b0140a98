import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mostSilent, silentAtOnce } from './massSilence.ts';

describe('how many may be silent before they are too many', () => {
  test.each([
    [0, 2],
    [1, 2],
    [10, 2],
    [14, 2],
    [15, 3],
    [300, 60],
  ])('of %i: %i', (expected, most) => expect(mostSilent(expected)).toBe(most));
});

describe('at once is within one heartbeat timeout', () => {
  const atOnce = (silent: (number | undefined)[]) => silentAtOnce({ expected: 100, silent }, 90);

  test.each<[string, (number | undefined)[], number]>([
    ['none', [], 0],
    ['together', [1000, 1030, 1090], 3],
    ['one after another', [0, 91, 182, 273], 1],
    ['a burst among stragglers, in any order', [500, 0, 540, 590, 2000], 3],
    ['those of which nothing is on record count in every window', [0, 1000, undefined, undefined], 3],
  ])('%s', (_what, silent, most) => expect(atOnce(silent)).toBe(most));

  test('it is the most that any window of that length holds', () => {
    const times = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 30 });
    fc.assert(
      fc.property(times, (silent) => {
        const counts = silent.map((from) => silent.filter((at) => at >= from && at - from <= 90).length);
        expect(atOnce(silent)).toBe(Math.max(0, ...counts));
      }),
    );
  });
});
