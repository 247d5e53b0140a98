import { expect, test } from 'vitest';
import { rollOut } from '../../../test/support/fleet/rollOut.ts';

test.each([
  ['1', 1],
  ['5', 5],
  ['10%', 40],
  ['100%', 399],
])(
  'a roll-out with at most %s down wakes each Workspace a few times and not each at each change',
  (most, down) => {
    const count = 400;
    const { wakes, passes, mostDown } = rollOut(count, most);
    // Once when the content is proven, and once when its turn comes.
    expect(wakes).toBeLessThanOrEqual(2 * count);
    expect(passes).toBeLessThanOrEqual(9 * count);
    // The first one tries it alone, so that with 100 % the others go together.
    expect(mostDown).toBe(down);
  },
);
